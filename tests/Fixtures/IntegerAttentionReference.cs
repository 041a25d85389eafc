namespace CompiledBert.Tests;

/// <summary>Attention with products of 8-bit integers in plain loops: what the emitted code is held against.</summary>
internal static class IntegerAttentionReference
{
    private static readonly int[] Dither = [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15];

    /// <summary>The result for one query.</summary>
    /// <param name="number">Which query of its sequence it is.</param>
    /// <param name="query">The query.</param>
    /// <param name="keys">The keys.</param>
    /// <param name="values">The values.</param>
    /// <param name="score">The score, a logarithm of base 2, of a sum of products, given the query's scale, the key's scale and the key's index.</param>
    public static double[] Of(
        long number, float[] query, IReadOnlyList<float[]> keys, IReadOnlyList<float[]> values, Func<float, float, float, int, float> score)
    {
        var (wholeQuery, queryScale) = Round(query);
        var scores = keys.Select((key, k) =>
        {
            var (whole, scale) = Round(key);
            return score(whole.Zip(wholeQuery, (x, y) => (long)x * y).Sum(), queryScale, scale, k);
        }).ToArray();
        var top = scores.Max();
        var probabilities = scores.Select((s, k) => (double)(Steps(s - (top - 0.8137175f)) + ((Dither[k % 16] + (11 * number)) & 15) >> 4)).ToArray();
        return [.. Enumerable.Range(0, values[0].Length).Select(i =>
        {
            var (whole, scale) = Round([.. values.Select(v => v[i])]);
            return whole.Zip(probabilities, (x, p) => x * p).Sum() * scale / probabilities.Sum();
        })];
    }

    /// <summary>A score as a logarithm of base 2; the lowest of all floats does not become −∞.</summary>
    public static float Power(float score) => float.IsNegativeInfinity(score * 1.44269504f) ? score : score * 1.44269504f;

    /// <summary>round(2320.0313·2ˣ), by the same operations as the emitted code: a step more or less here may be sixteen of the result.</summary>
    private static long Steps(float x)
    {
        var c = MathF.Max(-15, x);
        var t = c + 12583046f;
        var r = c - (t - 12583046f);
        var d = (r + 2.33833909f) * MathF.FusedMultiplyAdd(r + 2.05904675f, r, 7.75077534f);
        var power = BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(t) << 23);
        return (long)MathF.FusedMultiplyAdd(d, power, 12582912f) - 12582912;
    }

    /// <summary>Numbers in steps of their largest size / 127.</summary>
    private static (int[] Whole, float Scale) Round(float[] numbers)
    {
        var most = numbers.Max(MathF.Abs);
        var factor = most > 1e-36f ? 127 / most : 0;
        return ([.. numbers.Select(x => (int)MathF.Round(x * factor))], most * (1 / 127f));
    }
}
