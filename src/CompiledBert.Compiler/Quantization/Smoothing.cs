namespace CompiledBert.Compiler.Quantization;

/// <summary>
/// Columns of an operand that are much larger than the others would take the steps of their row for themselves. They are divided, and the weights' rows
/// multiplied: x·W = (x·v)·(W/v), v = (max|W| / max|x|)^α (SmoothQuant, Xiao et al. 2022; its two exponents, α and 1-α, are one here, as whatever evens out the
/// operand by less should ask less of the weights too).
/// </summary>
internal static class Smoothing
{
    // How far a column may be moved: what was never seen large may be so in another text.
    private const float Most = 32;

    // Half shares the trouble evenly, but maxima of few rows are not what a text's are: of 0.2 to 0.6 this leaves embeddings of
    // all-MiniLM-L6-v2 nearest to those in floats.
    private const float Strength = 0.4f;

    /// <summary>The factors v of an operand's columns.</summary>
    /// <param name="columns">The largest magnitude of each column of the operand.</param>
    /// <param name="rows">The largest magnitude of each row of the weights.</param>
    public static float[] Factors(float[] columns, float[] rows)
    {
        var factors = new float[columns.Length];
        var logarithms = 0.0;
        for (var i = 0; i < factors.Length; i++)
        {
            factors[i] = columns[i] > 1e-6f && rows[i] > 1e-6f ? MathF.Pow(rows[i] / columns[i], Strength) : 0;
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
