namespace CompiledBert.Text;

/// <summary>
/// Functions that give the same bits on every machine: sums and products of doubles in a fixed order, where the runtime's own ask the system's C
/// library. Each is within a unit in the last place of a float.
/// </summary>
internal static class PortableMath
{
    private const double Log2 = 0.693147180559945309;

    /// <summary>eˣ.</summary>
    public static float Exp(float x) => (float)Exp((double)x);

    /// <summary>1/(1+e⁻ˣ).</summary>
    public static float Sigmoid(float x) => (float)(1 / (1 + Exp(-(double)x)));

    /// <summary>The hyperbolic tangent.</summary>
    public static float Tanh(float x) => MathF.Abs(x) < 1e-4f ? x : (float)(1 - (2 / (Exp(2.0 * x) + 1)));

    /// <summary>ln x of a positive, normal number.</summary>
    public static float Log(double x)
    {
        // x = 2ⁿ·m with m in ½√2 … √2, and ln m = 2·artanh(s) of s = (m − 1)/(m + 1), |s| < 0.172.
        var bits = BitConverter.DoubleToInt64Bits(x);
        var exponent = (int)(bits >> 52) - 1023;
        var m = BitConverter.Int64BitsToDouble((bits & 0xF_FFFF_FFFF_FFFF) | (1023L << 52));
        if (m > 1.4142135623730951)
        {
            (m, exponent) = (m / 2, exponent + 1);
        }

        var s = (m - 1) / (m + 1);
        var (square, sum) = (s * s, 0.0);
        for (var power = 15; power > 0; power -= 2)
        {
            sum = (sum * square) + (1.0 / power);
        }

        return (float)((exponent * Log2) + (2 * s * sum));
    }

    private static double Exp(double x)
    {
        // eˣ = 2ⁿ·eʳ, |r| ≤ ½ ln 2, by twelve terms of the series. What a float cannot hold is 0 or infinite, long before doubles end.
        x = Math.Clamp(x, -200, 200);
        var n = Math.Round(x / Log2);
        var (r, sum) = (x - (n * Log2), 1.0);
        for (var term = 12; term > 0; term--)
        {
            sum = 1 + (sum * r / term);
        }

        return double.IsNaN(x) ? x : sum * BitConverter.Int64BitsToDouble(((long)n + 1023) << 52);
    }
}
