using CompiledBert.Compiler.Graph;
using CompiledBert.Compiler.Quantization;
using Xunit;

namespace CompiledBert.Compiler.Tests.Quantization;

public class QuantizedWeightsTests
{
    [Fact]
    public void Every_column_has_the_scale_with_the_least_error_and_its_factor_taken_out()
    {
        const int Rows = 64, Columns = 5;
        var random = new Random(1);
        float[] values = [.. Enumerable.Range(0, Rows * Columns).Select(i => (float)((random.NextDouble() - 0.5) * Math.Pow(10, i % Columns)))];
        float[] factors = [.. Enumerable.Range(0, Rows).Select(i => 0.5f + (i % 3))];
        var matrix = ModelGraph.Constant("w", TensorData.FromFloats([Rows, Columns], values));

        var scales = MatrixRounding.Of(matrix.Constant!, factors, []).Scales;
        var integers = QuantizedWeights.Integers(matrix, factors, scales);

        var whole = integers.Constant!.As<sbyte>();
        for (var i = 0; i < values.Length; i++)
        {
            var largest = Enumerable.Range(0, Rows).Max(r => MathF.Abs(values[(r * Columns) + (i % Columns)] / factors[r]));
            Assert.InRange(scales[i % Columns], largest * 0.69f / 127, largest * 1.001f / 127);
            Assert.InRange(MathF.Abs((whole[i] * scales[i % Columns]) - (values[i] / factors[i / Columns])), 0, largest * 0.31f);
        }
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void A_row_without_a_range_has_the_scale_one(float value) => Assert.Equal(1, QuantizedWeights.ScaleOf([value, value]));

    [Fact]
    public void A_large_column_of_an_operand_is_divided_as_much_as_its_weights_allow()
    {
        var factors = Smoothing.Factors([1, 1, 100, 0], [1, 1, 1, 1]);

        Assert.Equal(factors[0], factors[1]);
        Assert.Equal(factors[0] / MathF.Pow(100, 0.4f), factors[2], 1e-5f);
        Assert.Equal(1, factors[3]);
    }
}
