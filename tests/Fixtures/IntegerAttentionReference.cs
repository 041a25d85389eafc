namespace CompiledBert.Tests;

/// <summary>Attention with products of 8-bit integers in plain loops: what the emitted code is held against.</summary>
internal static class IntegerAttentionReference
{
    private const float LargestProbability = 4064;

    /// <summary>The result for one query.</summary>
    /// <param name="query">The query.</param>
    /// <param name="keys">The keys.</param>
    /// <param name="values">The values.</param>
    /// <param name="score">The step's program on a score, given the key's index.</param>
    public static double[] Of(float[] query, IReadOnlyList<float[]> keys, IReadOnlyList<float[]> values, Func<float, int, float> score)
    {
        var (wholeQuery, queryScale) = Round(query);
        var scores = keys.Select((key, k) =>
        {
            var (whole, scale) = Round(key);
            return score((float)whole.Zip(wholeQuery, (x, y) => (long)x * y).Sum() * scale * queryScale, k);
        }).ToArray();
        var top = scores.Max();
        var probabilities = scores.Select(s => Math.Round(LargestProbability * Math.Exp(s - top))).ToArray();
        return [.. Enumerable.Range(0, values[0].Length).Select(i =>
        {
            var (whole, scale) = Round([.. values.Select(v => v[i])]);
            return whole.Zip(probabilities, (x, p) => x * p).Sum() * scale / probabilities.Sum();
        })];
    }

    /// <summary>Numbers in steps of their largest size / 127.</summary>
    private static (int[] Whole, float Scale) Round(float[] numbers)
    {
        var most = numbers.Max(MathF.Abs);
        var factor = most > 1e-36f ? 127 / most : 0;
        return ([.. numbers.Select(x => (int)MathF.Round(x * factor))], most / 127);
    }
}
