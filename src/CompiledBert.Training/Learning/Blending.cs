using CompiledBert.Training.Data;
using CompiledBert.Training.Models;

namespace CompiledBert.Training.Learning;

/// <summary>
/// Steps in which every text is mixed with the next one of its batch: a student learns to tell of the blend what the teacher tells of the one
/// and of the other, in the same shares (after MixKD, Liang et al. 2021, where the teacher reads the blend itself).
/// </summary>
internal static class Blending
{
    // Of the beta distribution of shares, which makes most blends nearly one of the two texts.
    private const double Beta = 0.4;

    /// <summary>The blend of a step; null where it has none. The same step of the same recipe has the same one.</summary>
    /// <param name="step">The step.</param>
    /// <param name="recipe">How often there is one, and the seed.</param>
    /// <param name="numbers">Which examples the batch is of.</param>
    /// <param name="examples">All examples.</param>
    public static Blend? At(int step, TrainingRecipe recipe, IReadOnlyList<int> numbers, IReadOnlyList<Example> examples)
    {
        var random = new Random(unchecked((recipe.Seed * 1_000_003) ^ step));
        if (random.NextDouble() >= recipe.Blended)
        {
            return null;
        }

        int[] others = [.. numbers.Skip(1), numbers[0]];
        return new Blend(Batch.Of([.. others.Select(i => examples[i])]), others, ShareOf(random));
    }

    /// <summary>A share of the beta distribution, as Jöhnk draws it.</summary>
    private static double ShareOf(Random random)
    {
        while (true)
        {
            var (own, rest) = (Math.Pow(random.NextDouble(), 1 / Beta), Math.Pow(random.NextDouble(), 1 / Beta));
            if (own + rest is > 0 and <= 1)
            {
                return own / (own + rest);
            }
        }
    }
}
