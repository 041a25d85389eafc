namespace CompiledBert.Compiler.Quantization;

/// <summary>
/// Columns of an operand that are much larger than the others would take the steps of their row for themselves. They are divided, and the weights' rows
/// multiplied: x·W = (x·v)·(W/v). As much of the trouble is left to the weights as to the operand (SmoothQuant, Xiao et al. 2022).
/// </summary>
internal static class Smoothing
{
    // How far a column may be moved: what was never seen large may be so in another text.
    private const float Most = 32;

    /// <summary>The factors v of an operand's columns.</summary>
    /// <param name="columns">The largest magnitude of each column of the operand.</param>
    /// <param name="rows">The largest magnitude of each row of the weights.</param>
    public static float[] Factors(float[] columns, float[] rows)
    {
        var factors = new float[columns.Length];
        var logarithms = 0.0;
        for (var i = 0; i < factors.Length; i++)
        {
            factors[i] = columns[i] > 1e-6f && rows[i] > 1e-6f ? MathF.Sqrt(rows[i] / columns[i]) : 0;
            logarithms += factors[i] > 0 ? Math.Log(factors[i]) : 0;
        }

        // Around 1; a column or row of zeros takes no part.
        var mean = (float)Math.Exp(logarithms / Math.Max(1, factors.Count(f => f > 0)));
        for (var i = 0; i < factors.Length; i++)
        {
            factors[i] = factors[i] > 0 && float.IsFinite(factors[i]) ? Math.Clamp(factors[i] / mean, 1 / Most, Most) : 1;
        }

        return factors;
    }
}
