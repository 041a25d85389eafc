using CompiledBert.Compiler.Evaluation;
using CompiledBert.Compiler.Graph;
using static CompiledBert.Compiler.Tests.Evaluation.Evaluate;

namespace CompiledBert.Compiler.Tests.Evaluation;

public class OperatorEvaluationTests
{
    [Theory]
    [InlineData(0.0, 0.0)]
    [InlineData(1e-9, 1.1283791670955126e-9)]
    [InlineData(0.5, 0.5204998778130465)]
    [InlineData(-1.0, -0.8427007929497149)]
    [InlineData(2.9, 0.9999589021219005)]
    [InlineData(3.1, 0.9999883513426328)]
    [InlineData(5.0, 0.9999999999984626)]
    [InlineData(9.0, 1.0)]
    public void Erf_is_exact_to_double_precision(double x, double erf) => Assert.Equal(erf, ErrorFunction.Erf(x), 1e-15);

    [Fact]
    public void Unary_functions_follow_their_definitions()
    {
        var x = F(-2, -0.5f, 0, 0.5f, 2.5f);
        Same(F(2, 0.5f, 0, -0.5f, -2.5f), Node(new Unary(UnaryKind.Neg), x));
        Same(F(-2, -0f, 0, 0, 2), Node(new Unary(UnaryKind.Round), x));
        Same(F(0, 0, 0, 0.5f, 2.5f), Node(new Unary(UnaryKind.Relu), x));
        Same(F(-0.0455003f, -0.1542688f, 0, 0.3457312f, 2.4844759f), Node(new Unary(UnaryKind.GeluErf), x), 1e-6f);
        Same(F(-0.0454023f, -0.1542860f, 0, 0.3457140f, 2.4849170f), Node(new Unary(UnaryKind.GeluTanh), x), 1e-6f);
        Same(F(-0.2384058f, -0.1887703f, 0, 0.3112297f, 2.3103545f), Node(new Unary(UnaryKind.Silu), x), 1e-6f);
        Same(F(0.1192029f, 0.3775407f, 0.5f, 0.6224593f, 0.9241418f), Node(new Unary(UnaryKind.Sigmoid), x), 1e-6f);
        Same(B(0, 1, 0), Node(new Unary(UnaryKind.IsNaN), F(1, float.NaN, float.PositiveInfinity)));
        Same(B(0, 0, 1), Node(new Unary(UnaryKind.IsInf), F(1, float.NaN, float.PositiveInfinity)));
        Same(B(0, 1), Node(new Unary(UnaryKind.Not), B(1, 0)));
    }

    [Fact]
    public void Casts_truncate_wrap_and_test_for_zero()
    {
        Same(I(-1, 0, 2), Node(new Cast(DataType.Int64), F(-1.9f, 0.9f, 2.1f)));
        Same(I(255, 1), Node(new Cast(DataType.UInt8), I(-1, 257)));
        Same(B(1, 0, 1), Node(new Cast(DataType.Bool), F(0.5f, 0, -2)));
        Same(F(1, 0), Node(new Cast(DataType.Float32), B(1, 0)));
    }

    [Fact]
    public void Binary_functions_broadcast()
    {
        Same(F([2, 3], 11, 12, 13, 21, 22, 23), Node(new Binary(BinaryKind.Add), F([2, 1], 10, 20), F([1, 3], 1, 2, 3)));
        Same(F([2, 2], 1, 2, 2, 4), Node(new Binary(BinaryKind.Mul), F([2, 1], 1, 2), F(1, 2)));
        Same(I(-2, 2), Node(new Binary(BinaryKind.Div), I(-5, 5), I([], 2)));
        Same(I(1, -1), Node(new Binary(BinaryKind.Mod), I(-5, 5), I(3, -3)));
        Same(I(-2, 2), Node(new Binary(BinaryKind.FMod), I(-5, 5), I(3, -3)));
        Same(B(1, 0, 1), Node(new Binary(BinaryKind.LessOrEqual), F(1, 3, 2), F([], 2)));
        Same(B(1, 1, 0), Node(new Binary(BinaryKind.Or), B(1, 0, 0), B(1, 1, 0)));
        Same(F(float.NaN), Node(new Binary(BinaryKind.Max), F(1), F(float.NaN)));
        Same(F(9, 8), Node(new Binary(BinaryKind.Pow), F(3, 2), I(2, 3)), 1e-6f);
    }

    [Fact]
    public void Select_takes_the_first_where_the_condition_holds() =>
        Same(F([2, 2], 7, 1, 7, 2), Node(new Select(), B(1, 0), F([], 7), F([2, 1], 1, 2)));

    [Fact]
    public void Layout_operators_move_elements()
    {
        var x = F([2, 3], 0, 1, 2, 3, 4, 5);
        Same(F([3, 2], 0, 3, 1, 4, 2, 5), Node(new Transpose(1, 0), x));
        Same(F([3, 2], 0, 1, 2, 3, 4, 5), Node(new Reshape(Shape.Of(3, 2)), x));
        Same(F([2, 2, 1], 1, 1, 2, 2), Node(new Expand(Shape.Of(2, 2, 1)), F([2, 1, 1], 1, 2)));
        Same(F([2, 2], 2, 0, 5, 3), Node(new Slice(1, 2, -2, 2), x));
        Same(F([2, 4], 0, 1, 2, 9, 3, 4, 5, 8), Node(new Concat(1), x, F([2, 1], 9, 8)));
        Same(F([2, 3], 1, 7, 7, 4, 7, 7), Node(new Pad([Dim.Zero, Dim.Of(-1)], [Dim.Zero, Dim.Of(1)]), F([2, 3], 0, 1, 7, 3, 4, 7), F([], 7)));
        Same(I(5, 3, 1), Node(new Iota(5, -2, 3)));
    }

    [Fact]
    public void Gathers_pick_by_index_and_refuse_what_is_out_of_range()
    {
        var table = F([3, 2], 0, 1, 10, 11, 20, 21);
        Same(F([2, 2], 20, 21, 0, 1), Node(new Gather(0), table, I(-1, 0)));
        Same(F([3, 1], 1, 11, 21), Node(new Gather(1), table, I(1)));
        Same(F([2, 2], 10, 1, 20, 21), Node(new GatherElements(0), table, I([2, 2], 1, 0, 2, 2)));
        Same(F(11, 20), Node(new GatherNd(0), table, I([2, 2], 1, 1, 2, 0)));
        Same(F(1, 10, 21), Node(new GatherNd(1), table, I([3, 1], 1, 0, 1)));
        Same(F([3, 2], 0, 1, 5, 6, 20, 21), Node(new ScatterNd(), table, I([1, 1], 1), F([1, 2], 5, 6)));
        Assert.Throws<EvaluationException>(() => Node(new Gather(0), table, I(3)));
    }

    [Fact]
    public void Reductions_keep_their_axes_with_length_one()
    {
        var x = F([2, 3], 1, 2, 3, 4, 5, 9);
        Same(F([2, 1], 6, 18), Node(new Reduce(ReduceKind.Sum, 1), x));
        Same(F([1, 3], 2.5f, 3.5f, 6), Node(new Reduce(ReduceKind.Mean, 0), x));
        Same(F([1, 1], 9), Node(new Reduce(ReduceKind.Max, 0, 1), x));
        Same(F([2, 1], 6, 180), Node(new Reduce(ReduceKind.Prod, 1), x));
        Same(I([1], 2), Node(new Reduce(ReduceKind.Min, 0), I(5, 2)));
        Same(F([2, 3], 1, 3, 6, 4, 9, 18), Node(new CumSum(1, false, false), x));
        Same(I(8, 5, 0), Node(new CumSum(0, true, true), I(1, 3, 5)));
        Same(I([2, 1], 2, 2), Node(new ArgExtremum(1, true, false), x));
        Same(I([1], 2), Node(new ArgExtremum(0, false, true), I(1, 3, 1)));
    }

    [Fact]
    public void Products_broadcast_their_leading_axes()
    {
        var a = F([2, 1, 2], 1, 2, 3, 4);
        var b = F([2, 2], 1, 0, 0, 10);
        Same(F([2, 1, 2], 1, 20, 3, 40), Node(new MatMul(), a, b));
        Same(I([1, 1], 11), Node(new MatMul(), I([1, 2], 1, 2), I([2, 1], 3, 4)));
        Same(F([2, 1, 2], 6, 27, 8, 47), Node(new Linear(), a, b, F(5, 7)));
        Same(F([1, 1, 3], 4, 7, 6), Node(new Conv1d(1, 1, 1, 1, 1), F([1, 1, 3], 1, 2, 3), F([1, 1, 3], 1, 1, 1), F(1)));
    }

    [Fact]
    public void Grouped_convolution_reads_its_own_channels() =>
        Same(F([1, 2, 2], 2, 4, 9, 12), Node(new Conv1d(2, 1, 1, 0, 0), F([1, 2, 2], 1, 2, 3, 4), F([2, 1, 1], 2, 3), null));

    [Fact]
    public void Norms_follow_their_definitions()
    {
        Same(F([1, 2], 0.2689414f, 0.7310586f), Node(new Softmax(1), F([1, 2], 1000, 1001)), 1e-6f);
        Same(F(float.NaN, float.NaN), Node(new Softmax(0), F(float.NegativeInfinity, float.NegativeInfinity)));
        Same(F([1, 2], -1, 3), Node(new LayerNorm(0), F([1, 2], 1, 5), F(1, 2), F(0, 1)), 1e-6f);
        Same(F([1, 2], 0.6f, 1.6f), Node(new RmsNorm(0), F([1, 2], 3, 4), F(MathF.Sqrt(0.5f), 2 * MathF.Sqrt(0.5f))), 1e-6f);
    }

    [Fact]
    public void Half_and_brain_floats_widen_to_float()
    {
        var half = TensorData.FromBytes(DataType.Float16, [1], BitConverter.GetBytes(BitConverter.HalfToUInt16Bits((Half)1.5f)));
        var brain = TensorData.FromBytes(DataType.BFloat16, [1], BitConverter.GetBytes((ushort)(BitConverter.SingleToUInt32Bits(-2.5f) >> 16)));
        Assert.Equal(1.5f, Tensor.Of(half).Floats[0]);
        Assert.Equal(-2.5f, Tensor.Of(brain).Floats[0]);
        Assert.Equal([-8, 7], Tensor.Of(TensorData.FromBytes(DataType.Int4, [2], [0x78])).Integers);
    }

    [Theory]
    [InlineData(DataType.Int4)]
    [InlineData(DataType.UInt8)]
    [InlineData(DataType.Int16)]
    [InlineData(DataType.Int32)]
    [InlineData(DataType.Bool)]
    [InlineData(DataType.Int64)]
    public void Constants_survive_the_way_to_tensors_and_back(DataType type)
    {
        var tensor = Tensor.Of(type, [3], new long[] { 1, 0, 1 });
        Assert.Equal(tensor.Integers, Tensor.Of(tensor.ToData()).Integers);
    }
}
