using Xunit;

namespace CompiledBert.Text.Tests;

/// <summary>What heads compute, against the same in scalars and in the framework's functions of doubles.</summary>
public class PortableMathTests
{
    public static TheoryData<int> Sizes => [1, 7, 15, 16, 17, 33, 384, 500];

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Layers_add_up_in_sixteen_parts_whatever_the_machine(int inputs)
    {
        var random = new Random(inputs);
        float[] Values(int count) => [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() - 0.5f) * MathF.Pow(10, random.Next(-3, 3)))];
        var (weights, x, y) = (Values(3 * (inputs + 1)), Values(inputs), new float[3]);
        new DenseLayer(inputs, 3, DenseActivation.None, hasBias: true, weights).Apply(x, y);
        for (var row = 0; row < 3; row++)
        {
            var parts = new float[16];
            for (var i = 0; i < inputs; i++)
            {
                var product = weights[(row * inputs) + i] * x[i];
                parts[i % 16] += product;
            }

            for (var half = 8; half > 0; half /= 2)
            {
                for (var i = 0; i < half; i++)
                {
                    parts[i] += parts[i + half];
                }
            }

            Assert.Equal(parts[0] + weights[(3 * inputs) + row], y[row]);
        }
    }

    [Fact]
    public void Functions_are_within_a_unit_in_the_last_place()
    {
        for (var i = -12000; i <= 12000; i++)
        {
            var x = i * 0.00917f;
            Near(Math.Exp(x), PortableMath.Exp(x));
            Near(1 / (1 + Math.Exp(-(double)x)), PortableMath.Sigmoid(x));
            Near(Math.Tanh(x), PortableMath.Tanh(x));
            Near(Math.Tanh(x * 1e-4), PortableMath.Tanh((float)(x * 1e-4)), (float)(x * 1e-4) / (x * 1e-4));
            Near(Math.Log(Math.Exp(x)), PortableMath.Log(Math.Exp(x)));
        }

        static void Near(double expected, float actual, double factor = 1)
        {
            expected *= double.IsNaN(factor) ? 1 : factor;
            var unit = Math.Max(float.Epsilon, MathF.BitIncrement(MathF.Abs((float)expected)) - MathF.Abs((float)expected));
            Assert.True((float)expected == actual || Math.Abs(expected - actual) <= unit, $"{expected:R} and {actual:R}");
        }
    }

    [Fact]
    public void What_has_no_finite_result_is_as_usual()
    {
        Assert.Equal(
            (0f, float.PositiveInfinity, 0f, 1f),
            (PortableMath.Exp(float.NegativeInfinity), PortableMath.Exp(1000),
                PortableMath.Sigmoid(float.NegativeInfinity), PortableMath.Sigmoid(float.PositiveInfinity)));
        Assert.Equal((-1f, 1f, 0f), (PortableMath.Tanh(-100), PortableMath.Tanh(float.PositiveInfinity), PortableMath.Tanh(0)));
        Assert.True(float.IsNaN(PortableMath.Exp(float.NaN)) && float.IsNaN(PortableMath.Tanh(float.NaN)) && float.IsNaN(PortableMath.Sigmoid(float.NaN)));
    }
}
