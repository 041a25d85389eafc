namespace CompiledBert.Training.Data;

/// <summary>
/// Texts made of texts, for a teacher to label: a part of one, two on end, or one with some words exchanged for others that occur
/// (Tang et al. 2019 sample parts and exchange words so). The same seed gives the same ones.
/// </summary>
public static class Variants
{
    private const double Exchanged = 0.2;
    private const int FewestWords = 4;

    /// <summary>The examples, and behind them what is made of them.</summary>
    /// <param name="examples">Texts, with a special token at both ends.</param>
    /// <param name="each">How many are made of each.</param>
    /// <param name="maxTokens">The most tokens of a text.</param>
    /// <param name="seed">The seed.</param>
    public static IReadOnlyList<Example> Added(IReadOnlyList<Example> examples, int each, int maxTokens, int seed)
    {
        var random = new Random(seed);
        return [.. examples, .. Enumerable.Range(0, each).SelectMany(_ => examples).Select(e => Of(e, examples, maxTokens, random))];
    }

    private static Example Of(Example example, IReadOnlyList<Example> all, int maxTokens, Random random)
    {
        Example Any() => all[random.Next(all.Count)];
        var words = Words(example);
        switch (random.Next(3))
        {
            case 0 when words.Length > FewestWords:
                var length = random.Next(FewestWords - 1, words.Length);
                words = words.Slice(random.Next(words.Length - length + 1), length);
                break;
            case 1:
                int[] exchanged = [.. words];
                for (var i = 0; i < exchanged.Length; i++)
                {
                    if (random.NextDouble() < Exchanged && Words(Any()) is { Length: > 0 } others)
                    {
                        exchanged[i] = others[random.Next(others.Length)];
                    }
                }

                words = exchanged;
                break;
            default:
                int[] both = [.. words, .. Words(Any())];
                words = both.AsSpan(0, Math.Min(both.Length, maxTokens - 2));
                break;
        }

        int[] ids = [example.Ids[0], .. words, example.Ids[^1]];
        return new Example(ids, new byte[ids.Length], Example.NoLabel);
    }

    private static ReadOnlySpan<int> Words(Example example) => example.Ids.AsSpan(1, Math.Max(0, example.Ids.Length - 2));
}
