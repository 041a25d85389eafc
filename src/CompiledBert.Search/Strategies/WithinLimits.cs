using CompiledBert.Search.Costs;
using CompiledBert.Search.Space;

namespace CompiledBert.Search.Strategies;

/// <summary>
/// Makes shapes smaller, part by part as chance has it, until they keep the limits: what is found so lies just within them, where good candidates are.
/// Where they should not be much smaller either, it makes them larger in the same way.
/// </summary>
public static class WithinLimits
{
    private const int MostSteps = 300;

    // Where the limits leave no room for it to be larger, that is not looked for without end.
    private const int MostAttempts = 300;
    private const int MostCostings = 60;

    // So far beyond a limit one step less is not worth its costing.
    private const double Far = 1.5;
    private const int FarSteps = 4;

    /// <summary>The cost of a shape, or of the first one below it that keeps the limits; of one that does not where none was met.</summary>
    /// <param name="shape">Where to begin.</param>
    /// <param name="space">What may be chosen from.</param>
    /// <param name="costOf">What a shape takes.</param>
    /// <param name="random">Which parts are made smaller or larger.</param>
    /// <param name="leastCycles">What it should take at least: where it takes less, it is made larger as far as the limits let it be.</param>
    public static CandidateCost Of(
        BertShape shape, SearchSpace space, Func<BertShape, CandidateCost> costOf, Random random, double leastCycles = 0)
    {
        ArgumentNullException.ThrowIfNull(costOf);
        var variation = new ShapeVariation(space);
        var cost = costOf(shape);
        for (var step = 0; step < MostSteps && !cost.IsWithin; step++)
        {
            var smaller = cost.Shape;
            for (var i = 0; i < (cost.WorstRatio > Far ? FarSteps : 1); i++)
            {
                smaller = variation.Shrink(smaller, random);
            }

            cost = smaller == cost.Shape ? cost : costOf(smaller);
        }

        var costed = 0;
        CandidateCost Counted(BertShape other)
        {
            costed++;
            return costOf(other);
        }

        for (var attempt = 0; attempt < MostAttempts && costed < MostCostings && cost.IsWithin && cost.Cycles < leastCycles; attempt++)
        {
            // What is too large then is made smaller again, elsewhere.
            var grown = variation.Grow(cost.Shape, random);
            cost = grown != cost.Shape && Of(grown, space, Counted, random) is { IsWithin: true } other && other.Cycles > cost.Cycles ? other : cost;
        }

        return cost;
    }

    /// <summary>Different shapes within the limits by chance: fewer than asked where there seem to be no more.</summary>
    /// <param name="count">How many.</param>
    /// <param name="space">What may be chosen from.</param>
    /// <param name="costs">What shapes take and may take.</param>
    /// <param name="seed">The seed: the same gives the same shapes.</param>
    public static IReadOnlyList<BertShape> Sample(int count, SearchSpace space, CandidateCosts costs, int seed)
    {
        ArgumentNullException.ThrowIfNull(costs);
        var (random, variation, found) = (new Random(seed), new ShapeVariation(space), new List<BertShape>());
        for (var attempt = 0; attempt < 2 * count && found.Count < count; attempt++)
        {
            if (Of(variation.Sample(random), space, costs.Of, random) is { IsWithin: true } cost && !found.Contains(cost.Shape))
            {
                found.Add(cost.Shape);
            }
        }

        return found.Count > 0 ? found : [space.Smallest];
    }
}
