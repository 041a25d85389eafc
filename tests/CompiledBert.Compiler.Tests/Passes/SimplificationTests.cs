using CompiledBert.Compiler.Graph;
using CompiledBert.Compiler.Passes;
using static CompiledBert.Compiler.Tests.Passes.Sketch;

namespace CompiledBert.Compiler.Tests.Passes;

public class SimplificationTests
{
    private static readonly Pass[] Passes =
    [
        new NoOpRemoval(), new ConstantFolding(), new LayoutMerging(), new ArithmeticSimplification(), new LogicSimplification(), new CommonSubexpressions(),
    ];

    [Fact]
    public void What_gives_its_operand_back_goes()
    {
        var graph = Check(
            s =>
            {
                var x = s.X(Batch, Tokens, 4);
                var y = s.Add(UnaryKind.Identity, x);
                y = s.Reshape(s.Transpose(y, 0, 1, 2), Batch, Tokens, 4);
                return s.Expand(s.Add(new Slice(2, 0, 1, 4), y), Batch, Tokens, 4);
            },
            Passes);
        Assert.Empty(graph.Nodes);
    }

    [Theory]
    [InlineData(0, 255, "Round Max Min Transpose")]
    [InlineData(0, 256, "Round Max Min Cast Transpose Cast")]
    [InlineData(-1, 255, "Round Max Min Cast Transpose Cast")]
    [InlineData(0.5f, 255, "Round Max Min Cast Transpose Cast")]
    public void Whole_numbers_that_fit_need_not_be_stored_in_8_bits(float low, float high, string expected)
    {
        var graph = Check(
            s =>
            {
                var whole = s.Add(BinaryKind.Min, s.Add(BinaryKind.Max, s.Add(UnaryKind.Round, s.X(Batch, Tokens)), C(low)), C(high));
                return s.Add(new Cast(DataType.Float32), s.Transpose(s.Add(new Cast(DataType.UInt8), whole), 1, 0));
            },
            new NoOpRemoval());
        Assert.Equal(expected, graph.Text());
    }

    [Theory]
    [InlineData(1L << 53, true)]
    [InlineData((1L << 53) + 1, false)]
    [InlineData(long.MaxValue, false)]
    [InlineData(long.MinValue, true)]
    public void An_integer_that_no_double_is_is_left_alone(long value, bool isScalar) =>
        Assert.Equal(isScalar, ModelGraph.Constant("c", TensorData.FromInt64s([2], [value, value])).IsScalar(out _));

    [Fact]
    public void Numbers_that_are_not_whole_are_cut_off_in_8_bits()
    {
        var graph = Check(
            s =>
            {
                var clamped = s.Add(BinaryKind.Min, s.Add(BinaryKind.Max, s.X(Batch, Tokens), C(0)), C(255));
                return s.Add(new Cast(DataType.Float32), s.Add(new Cast(DataType.UInt8), clamped));
            },
            new NoOpRemoval());
        Assert.Equal("Max Min Cast Cast", graph.Text());
    }

    [Fact]
    public void Neutral_numbers_go_and_their_broadcast_stays()
    {
        var graph = Check(
            s =>
            {
                var x = s.X(Tokens, 4);
                x = s.Plus(s.Times(x, C(1)), C(0));
                x = s.Add(BinaryKind.Div, s.Add(BinaryKind.Sub, x, C(0)), C(1));
                return s.Times(x, ModelGraph.Constant("ones", TensorData.FromFloats([1, 1, 1], [1])));
            },
            Passes);
        Assert.Equal("Reshape", graph.Text());
    }

    [Fact]
    public void Divisions_and_differences_by_constants_become_products_and_sums()
    {
        var graph = Check(s => s.Add(BinaryKind.Sub, s.Times(s.Add(BinaryKind.Div, s.X(Tokens), C(8)), C(3)), C(2)), Passes);
        Assert.Equal("Mul Add", graph.Text());
        Assert.True(graph.Nodes[0].In(1).IsScalar(0.375));
    }

    [Fact]
    public void Products_of_the_same_rows_with_a_computed_scale_become_one()
    {
        var graph = Check(
            s =>
            {
                var x = s.X(Batch, Tokens, 4);
                var scale = s.Add(new Reduce(ReduceKind.Max, 0, 1, 2), x);
                var rows = s.Add(UnaryKind.Round, x);
                Value Product(float own, int width) =>
                    s.Plus(s.Times(s.Add(new Linear(), rows, s.Weights(4, width)), s.Times(scale, C(own))), s.Weights(width));
                return s.Add(new Concat(2), Product(0.5f, 3), Product(2, 5));
            },
            [.. Passes, new LinearFormation(), new LinearScaleFolding(), new LinearMerging()]);
        Assert.Equal(1, graph.CountOf<Linear>());
        Assert.Equal(8, graph.Only<Linear>().In(1).Shape[1].Value);
    }

    [Theory]
    [InlineData(2f, "Mul")]
    [InlineData(3f, "Mul Mul")]
    [InlineData(1f, "")]
    public void Powers_become_products(float power, string expected) =>
        Assert.Equal(expected, Check(s => s.Add(BinaryKind.Pow, s.X(Tokens), C(power)), Passes).Text());

    [Fact]
    public void Reciprocal_roots_have_one_form()
    {
        foreach (var form in new Func<Sketch, Value, Value>[]
        {
            (s, x) => s.Add(BinaryKind.Div, C(1), s.Add(UnaryKind.Sqrt, x)),
            (s, x) => s.Add(UnaryKind.Reciprocal, s.Add(BinaryKind.Pow, x, C(0.5f))),
            (s, x) => s.Add(BinaryKind.Pow, x, C(-0.5f)),
        })
        {
            var graph = Check(s => form(s, s.Plus(s.Add(UnaryKind.Abs, s.X(Tokens)), C(1))), Passes);
            Assert.Equal("Abs Add Rsqrt", graph.Text());
        }
    }

    [Fact]
    public void Constants_are_folded_and_large_ones_stay_in_their_file_until_read()
    {
        var graph = Check(
            s => s.MatMul(s.X(Tokens, 300), s.Times(s.Transpose(s.Weights(1000, 300), 1, 0), s.Plus(C(1), C(2)))), Passes);
        Assert.Equal("MatMul", graph.Text());
        Assert.True(graph.Nodes[0].In(1).Constant!.IsDerived);
    }

    [Fact]
    public void A_large_weight_is_transposed_when_read()
    {
        var graph = Check(s => s.MatMul(s.X(Tokens, 1001), s.Transpose(s.Weights(333, 1001), 1, 0)), Passes);
        Assert.True(graph.Nodes.Single().In(1).Constant!.IsDerived);
    }

    [Fact]
    public void Something_large_is_not_made_out_of_something_small()
    {
        var sketch = new Sketch();
        sketch.Graph.Outputs.Add(("y", sketch.Expand(C(1), 5000, 5000)));
        PassPipeline.Repeat(sketch.Graph, Passes);
        Assert.Equal("Expand", sketch.Graph.Text());
    }

    [Fact]
    public void Layout_operators_in_a_row_become_one()
    {
        var graph = Check(
            s =>
            {
                var x = s.Transpose(s.Transpose(s.X(Batch, Tokens, 6, 2), 0, 2, 1, 3), 0, 1, 3, 2);
                x = s.Reshape(s.Reshape(x, Batch * 6, 2, Tokens), Batch, 12, Tokens);
                return s.Add(new Slice(1, 1, 2, 2), s.Add(new Slice(1, 2, 1, 8), x));
            },
            Passes);
        Assert.Equal("Transpose Reshape Slice", graph.Text());
        Assert.Equal(new Slice(1, 3, 2, 2), graph.Nodes[2].Operator);
        Assert.Equal(new Transpose(0, 2, 3, 1), graph.Nodes[0].Operator);
    }

    [Fact]
    public void Gather_of_consecutive_constant_indices_is_a_slice()
    {
        var ids = ModelGraph.Constant("ids", TensorData.FromInt64s([1, 8], [0, 1, 2, 3, 4, 5, 6, 7]));
        var graph = Check(s =>
            s.Add(new Gather(0), s.Weights(8, 3), s.Add(new Slice(1, 1, 1, Tokens), ids)) is var p ? s.Plus(s.X(Batch, Tokens, 3), p) : null!, Passes);
        Assert.Equal("Slice Add", graph.Text());
        Assert.Equal("Slice Reshape Tanh", Check(s =>
            s.Add(UnaryKind.Tanh, s.Add(new Gather(1), s.X(Batch, Tokens, 3), ModelGraph.Constant("0", TensorData.FromInt64s([], [0])))), Passes).Text());
    }

    [Fact]
    public void Masks_lose_the_numbers_they_travelled_as()
    {
        var graph = Check(
            s =>
            {
                var mask = s.Add(new Cast(DataType.Bool), s.Input(DataType.Int64, Batch, Tokens));
                var inverted = s.Add(BinaryKind.Sub, C(1), s.Add(new Cast(DataType.Float32), mask));
                var again = s.Add(new Cast(DataType.Bool), inverted);
                return s.Add(new Select(), again, C(-3e38f), inverted);
            },
            Passes);
        Assert.Equal("Cast Select", graph.Text());
    }

    [Fact]
    public void Decided_conditions_go()
    {
        var yes = ModelGraph.Constant("yes", TensorData.FromBytes(DataType.Bool, [1], [1]));
        var graph = Check(
            s =>
            {
                var b = s.Add(BinaryKind.Less, s.X(Tokens), C(0));
                var a = s.Add(new Binary(BinaryKind.And), s.Add(new Unary(UnaryKind.Not), s.Add(new Unary(UnaryKind.Not), b)), yes);
                return s.Add(new Select(), yes, s.Add(new Select(), a, C(1), C(2)), s.X(Tokens));
            },
            Passes);
        Assert.Equal("Less Select", graph.Text());
    }

    [Fact]
    public void Equal_nodes_over_equal_operands_are_computed_once()
    {
        var graph = Check(
            s =>
            {
                var x = s.X(Tokens);
                return s.Times(s.Add(UnaryKind.Exp, s.Plus(x, C(1))), s.Add(UnaryKind.Exp, s.Plus(x, C(1))));
            },
            Passes);
        Assert.Equal("Add Exp Mul", graph.Text());
    }
}
