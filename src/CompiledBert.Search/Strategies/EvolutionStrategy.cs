using CompiledBert.Search.Space;

namespace CompiledBert.Search.Strategies;

/// <summary>
/// Children of the best: parents that won against another each are changed, or mixed first. The best are ranked by fronts and by room (NSGA-II), or by their score alone, each
/// for half of the children: the one for a front from end to end, the other for the best that keeps the limits. The first of all is the least of everything, since chance alone
/// would be long in coming to that end of the front, and every other founder comes down from the largest, for the other end.
/// </summary>
/// <param name="founders">How many candidates there are before there are children.</param>
/// <param name="population">How many of the best may be parents.</param>
public sealed class EvolutionStrategy(int founders = 10, int population = 24) : ISearchStrategy
{
    /// <inheritdoc/>
    public string Name => "evolution";

    /// <inheritdoc/>
    public BertShape Propose(SearchSpace space, IReadOnlyList<Evaluation> done, Random random)
    {
        if (done.Count == 0)
        {
            return space.Smallest;
        }

        var variation = new ShapeVariation(space);
        if (done.Count < founders)
        {
            return done.Count % 2 == 0 ? variation.Sample(random) : variation.Descend(random);
        }

        IEnumerable<Evaluation> ranked = random.Next(2) == 0 ? Pareto.Ranked(done) : done.OrderByDescending(e => e.Score).ThenBy(e => e.Cost.Cycles);
        var best = ranked.Take(population).ToList();
        BertShape Parent() => best[Math.Min(random.Next(best.Count), random.Next(best.Count))].Cost.Shape;
        var child = random.Next(2) == 0 ? Parent() : variation.Cross(Parent(), Parent(), random);
        return variation.Mutate(child, random);
    }
}
