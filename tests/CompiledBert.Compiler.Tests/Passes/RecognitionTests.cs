using CompiledBert.Compiler.Graph;
using static CompiledBert.Compiler.Tests.Passes.Sketch;

namespace CompiledBert.Compiler.Tests.Passes;

public class RecognitionTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Layer_norm_is_recognised_in_its_forms(int form)
    {
        var graph = CheckAll(s =>
        {
            var x = s.X(Batch, Tokens, 6);
            Value Mean(Value v) => form == 4 ? s.Times(s.Add(new Reduce(ReduceKind.Sum, 2), v), C(1 / 6f)) : s.Add(new Reduce(ReduceKind.Mean, 2), v);
            var (gamma, beta) = (s.Weights(6), s.Weights(6));
            var d = s.Add(BinaryKind.Sub, x, Mean(x));
            var other = form == 0 ? s.Add(BinaryKind.Sub, x, Mean(x)) : d;
            var variance = s.Plus(Mean(form == 1 ? s.Times(d, d) : s.Add(BinaryKind.Pow, other, C(2))), C(1e-6f));
            var root = s.Add(UnaryKind.Sqrt, variance);
            return form switch
            {
                2 => s.Plus(s.Times(gamma, s.Times(d, s.Add(UnaryKind.Reciprocal, root))), beta),
                3 => Fused(),
                _ => s.Plus(beta, s.Times(s.Add(BinaryKind.Div, d, root), gamma)),
            };

            // TensorFlow's batch normalisation
            Value Fused()
            {
                var scale = s.Times(s.Add(UnaryKind.Reciprocal, root), gamma);
                return s.Plus(s.Times(x, scale), s.Add(BinaryKind.Sub, beta, s.Times(Mean(x), scale)));
            }
        });
        Assert.Equal("LayerNorm", graph.Text());
        Assert.Equal(3, graph.Nodes[0].Inputs.Count);
        Assert.True(graph.Nodes[0].Origins.Count >= 8);
    }

    [Fact]
    public void Layer_norm_without_scale_gets_ones() =>
        Assert.Equal("LayerNorm", CheckAll(s =>
        {
            var x = s.X(Tokens, 5);
            var d = s.Add(BinaryKind.Sub, x, s.Add(new Reduce(ReduceKind.Mean, 1), x));
            return s.Add(BinaryKind.Div, d, s.Add(UnaryKind.Sqrt, s.Plus(s.Add(new Reduce(ReduceKind.Mean, 1), s.Times(d, d)), C(1e-6f))));
        }).Text());

    [Fact]
    public void Rms_norm_is_recognised() =>
        Assert.Equal("RmsNorm", CheckAll(s =>
        {
            var x = s.X(Tokens, 5);
            var mean = s.Add(new Reduce(ReduceKind.Mean, 1), s.Add(BinaryKind.Pow, x, C(2)));
            return s.Times(s.Weights(5), s.Times(x, s.Add(UnaryKind.Reciprocal, s.Add(UnaryKind.Sqrt, s.Plus(mean, C(1e-6f))))));
        }).Text());

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Gelu_with_erf_is_recognised_in_any_order(int form) =>
        Assert.Equal("GeluErf", CheckAll(s =>
        {
            var x = s.X(Batch, Tokens, 4);
            var gate = s.Plus(s.Add(UnaryKind.Erf, form == 1 ? s.Times(x, C(0.70710678f)) : s.Add(BinaryKind.Div, x, C(1.41421356f))), C(1));
            return form switch
            {
                0 => s.Times(s.Times(x, gate), C(0.5f)),
                1 => s.Times(s.Times(C(0.5f), x), gate),
                2 => s.Times(x, s.Times(gate, C(0.5f))),
                _ => s.Add(BinaryKind.Div, s.Times(gate, x), C(2)),
            };
        }).Text());

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Gelu_with_tanh_is_recognised_in_any_form(int form) =>
        Assert.Equal("GeluTanh", CheckAll(s =>
        {
            var x = s.X(Tokens, 4);
            var inner = form switch
            {
                0 => s.Times(s.Plus(x, s.Times(s.Add(BinaryKind.Pow, x, C(3)), C(0.044715f))), C(0.7978846f)),
                1 => s.Times(x, s.Plus(s.Times(s.Times(x, x), C(0.035677408f)), C(0.7978846f))),
                _ => s.Times(s.Times(C(0.7978846f), x), s.Plus(C(1), s.Times(s.Times(C(0.044715f), x), x))),
            };
            return s.Times(s.Times(x, C(0.5f)), s.Plus(C(1), s.Add(UnaryKind.Tanh, inner)));
        }).Text());

    [Fact]
    public void Silu_is_recognised() =>
        Assert.Equal("Silu", CheckAll(s => s.X(Tokens) is var x ? s.Times(s.Add(UnaryKind.Sigmoid, x), x) : null!).Text());

    [Fact]
    public void An_erf_of_another_slope_is_not_gelu() =>
        Assert.DoesNotContain("Gelu", CheckAll(s =>
            s.X(Tokens) is var x ? s.Times(x, s.Plus(s.Add(UnaryKind.Erf, s.Times(x, C(0.7f))), C(1))) : null!).Text(), StringComparison.Ordinal);

    [Fact]
    public void Softmax_is_recognised() =>
        Assert.Equal("Softmax", CheckAll(s =>
        {
            var x = s.X(Batch, Tokens, 4);
            var e = s.Add(UnaryKind.Exp, s.Add(BinaryKind.Sub, x, s.Add(new Reduce(ReduceKind.Max, 2), x)));
            return s.Times(e, s.Add(UnaryKind.Reciprocal, s.Add(new Reduce(ReduceKind.Sum, 2), e)));
        }).Text());

    [Fact]
    public void Products_with_constant_weights_take_their_bias_and_scale()
    {
        var graph = CheckAll(s =>
        {
            var x = s.X(Batch, Tokens, 4);
            var y = s.Plus(s.Weights(3), s.MatMul(x, s.Weights(1, 4, 3)));
            return s.Times(s.Plus(y, s.Weights(1, 1, 3)), s.Weights(3));
        });
        Assert.Equal("Linear", graph.Text());
    }

    [Fact]
    public void A_bias_behind_the_residual_goes_in_front_of_it()
    {
        var graph = CheckAll(s => s.X(Batch, Tokens, 4) is var x ? s.Plus(s.Plus(s.MatMul(x, s.Weights(4, 4)), x), s.Weights(4)) : null!);
        Assert.Equal("Linear Add", graph.Text());
        Assert.Equal(3, graph.Nodes[0].Inputs.Count);
    }

    [Fact]
    public void Reshapes_around_a_product_cancel()
    {
        var graph = CheckAll(s =>
        {
            var x = s.X(Batch, Tokens, 4);
            var y = s.Norm(s.Reshape(s.Dense(s.Reshape(x, Batch * Tokens, 4), 4), Batch * Tokens, 4));
            y = s.Add(UnaryKind.Tanh, s.Plus(y, s.Reshape(x, Batch * Tokens, 4)));
            return s.Reshape(y, Batch, Tokens, 4);
        });
        Assert.Equal("Linear LayerNorm Add Tanh", graph.Text());
    }

    [Fact]
    public void A_convolution_of_one_tap_is_a_product() =>
        Assert.Equal("Linear", CheckAll(s =>
            s.Transpose(s.Add(new Conv1d(1, 1, 1, 0, 0), s.Transpose(s.X(Batch, Tokens, 4), 0, 2, 1), s.Weights(3, 4, 1), s.Weights(3)), 0, 2, 1)).Text());
}
