using CompiledBert.Compiler.Graph;
using static CompiledBert.Compiler.Tests.Passes.Sketch;

namespace CompiledBert.Compiler.Tests.Passes;

public class IndexGridTests
{
    [Fact]
    public void A_gather_of_tuples_over_a_whole_grid_only_moves_axes()
    {
        var graph = CheckAll(s =>
        {
            var (rows, columns) = Grids(s);
            var tuples = s.Add(
                new Concat(4), s.Expand(s.Reshape(rows, Batch, 1, 1, 1, 1), Batch, 1, 1, Tokens, 1),
                s.Expand(s.Reshape(columns, 1, 1, 1, Tokens, 1), Batch, 1, 1, Tokens, 1));
            return s.Add(UnaryKind.Tanh, s.Add(new GatherNd(0), s.X(Batch, Tokens), tuples));
        });
        Assert.Equal("Tanh Reshape", graph.Text());
    }

    [Fact]
    public void A_gather_by_flat_positions_over_a_whole_grid_only_moves_axes()
    {
        var graph = CheckAll(s =>
        {
            var (rows, columns) = Grids(s);
            var length = s.Add(new Iota(Tokens, 0, 1));
            var flat = s.Plus(s.Reshape(columns, Tokens, 1), s.Times(rows, length));
            return s.Add(UnaryKind.Tanh, s.Add(new Gather(0), s.Reshape(s.X(Batch, Tokens), Batch * Tokens, 1), flat));
        });
        Assert.Equal("Transpose Reshape Tanh".Split(' ').Order(), graph.Nodes.Select(n => n.Operator.Name).Order());
    }

    [Fact]
    public void A_grid_of_one_length_over_an_axis_of_another_makes_them_one()
    {
        var sketch = new Sketch();
        var other = new Symbol("S");
        sketch.Graph.Symbols.Add(other);
        var ids = sketch.X(Batch, Tokens);
        var mask = sketch.X(Dim.Of(other), Tokens);
        var (rows, columns) = Grids(sketch);
        var tuples = sketch.Add(
            new Concat(2), sketch.Expand(sketch.Reshape(rows, Batch, 1, 1), Batch, Tokens, 1),
            sketch.Expand(sketch.Reshape(columns, 1, Tokens, 1), Batch, Tokens, 1));
        sketch.Graph.Outputs.Add(("y", sketch.Plus(ids, sketch.Add(new GatherNd(0), mask, tuples))));
        CompiledBert.Compiler.Passes.PassPipeline.Run(sketch.Graph);
        Assert.Equal("Add", sketch.Graph.Text());
        Assert.Equal(new Shape(Batch, Tokens), mask.Shape);
        Assert.DoesNotContain(other, sketch.Graph.Symbols);
    }

    [Fact]
    public void A_diagonal_is_no_grid()
    {
        var graph = CheckAll(s =>
        {
            var index = s.Reshape(s.Add(new Iota(0, 1, Batch)), Batch, 1);
            return s.Add(new GatherNd(0), s.X(Batch, Batch), s.Add(new Concat(1), index, index));
        });
        Assert.Equal(1, graph.CountOf<GatherNd>());
    }

    [Fact]
    public void Positions_are_never_negative()
    {
        var graph = CheckAll(s => s.Add(new Select(), s.Add(BinaryKind.GreaterOrEqual, s.Add(new Iota(0, 1, Tokens)), Zero), s.X(Batch, Tokens), C(7)));
        Assert.Empty(graph.Nodes);
    }

    [Fact]
    public void A_table_gathered_by_positions_is_sliced_and_limits_the_length()
    {
        var graph = CheckAll(s =>
            s.Plus(s.X(Batch, Tokens, 3), s.Add(new Gather(0), s.Weights(9, 3), s.Add(new Cast(DataType.Int32), s.Add(new Iota(2, 1, Tokens))))));
        Assert.Equal("Slice Add", graph.Text());
        Assert.Contains((Tokens + 2, Dim.Of(9)), graph.Limits);
    }

    [Fact]
    public void A_uniform_table_is_a_number()
    {
        var zeros = ModelGraph.Constant("zeros", TensorData.FromInt64s([1, 12], new long[12]));
        var graph = CheckAll(s =>
        {
            var types = s.Add(new GatherElements(1), s.Expand(zeros, Batch, 12), s.Input(DataType.Int64, Batch, Tokens));
            return s.Plus(s.X(Batch, Tokens, 3), s.Add(new Gather(0), s.Weights(2, 3), types));
        });
        Assert.Equal("Add", graph.Text());
    }

    [Fact]
    public void Token_types_that_are_always_zero_are_one_row()
    {
        var zeros = ModelGraph.Constant("zeros", TensorData.FromInt64s([1, 12], new long[12]));
        var graph = CheckAll(s =>
        {
            var types = s.Expand(s.Add(new Slice(1, 0, 1, Tokens), zeros), Batch, Tokens);
            return s.Plus(s.X(Batch, Tokens, 3), s.Add(new Gather(0), s.Weights(2, 3), types));
        });
        Assert.Equal("Add", graph.Text());
        Assert.True(graph.Only<Binary>().In(1).IsConstant);
    }

    private static Value Zero => ModelGraph.Constant("0", TensorData.FromInt64s([], [0]));

    private static (Value Rows, Value Columns) Grids(Sketch s) => (s.Add(new Iota(0, 1, Batch)), s.Add(new Iota(0, 1, Tokens)));
}
