using CompiledBert.Compiler.Graph;
using CompiledBert.Compiler.Passes;
using static CompiledBert.Compiler.Tests.Passes.Sketch;

namespace CompiledBert.Compiler.Tests.Passes;

public class ConvolutionTests
{
    [Fact]
    public void A_convolution_of_one_tap_in_groups_is_a_product_for_each_group()
    {
        var graph = CheckAll(s =>
        {
            var x = s.Transpose(s.X(Batch, Tokens, 12), 0, 2, 1);
            var y = s.Add(UnaryKind.Tanh, s.Add(new Conv1d(3, 1, 1, 0, 0), x, s.Weights(6, 4, 1), s.Weights(6)));
            return s.Transpose(y, 0, 2, 1);
        });

        Assert.Equal(0, graph.CountOf<Conv1d>());
        Assert.Equal(1, graph.CountOf<MatMul>());
    }

    [Fact]
    public void Elementwise_work_between_transposes_happens_on_rows()
    {
        var graph = Check(
            s =>
            {
                var (x, y) = (s.Transpose(s.X(Batch, Tokens, 12), 0, 2, 1), s.Transpose(s.X(Batch, Tokens, 12), 0, 2, 1));
                return s.Transpose(s.Add(UnaryKind.Tanh, s.Plus(x, y)), 0, 2, 1);
            },
            new TransposeSinking(), new LayoutMerging(), new NoOpRemoval());

        Assert.Equal(0, graph.CountOf<Transpose>());
    }

    [Fact]
    public void A_table_made_of_weights_is_made_once()
    {
        var graph = CheckAll(s => s.Plus(s.X(Tokens, 400), s.Dense(s.Weights(700, 500), 400) is var table ? s.Add(new Slice(0, 0, 1, Tokens), table) : table));

        Assert.Equal(0, graph.CountOf<Linear>());
    }
}
