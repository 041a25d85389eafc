namespace CompiledBert.Compiler.Evaluation;

/// <summary>The error function in double precision (Abramowitz and Stegun 7.1.6 and the continued fraction 7.1.14).</summary>
internal static class ErrorFunction
{
    /// <summary>2/√π·∫₀ˣ e^(−t²) dt, within a few units in the last place of a double.</summary>
    public static double Erf(double x)
    {
        var a = Math.Abs(x);
        return double.IsNaN(x) ? x : Math.CopySign(a < 3 ? Series(a) : a < 6.5 ? 1 - Tail(a) : 1, x);
    }

    private static double Series(double x)
    {
        // All terms are positive: nothing cancels.
        var term = x;
        var sum = x;
        for (var n = 1; term > sum * 1e-17; n++)
        {
            term *= 2 * x * x / ((2 * n) + 1);
            sum += term;
        }

        return 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x) * sum;
    }

    private static double Tail(double x)
    {
        var fraction = x;
        for (var n = 60; n > 0; n--)
        {
            fraction = x + (n / 2.0 / fraction);
        }

        return Math.Exp(-x * x) / Math.Sqrt(Math.PI) / fraction;
    }
}
