using CompiledBert.Search.Space;

namespace CompiledBert.Search.Strategies;

/// <summary>
/// Children of the best. Limits are kept by all, so what counts is the score alone: parents are those of the highest, each having won against
/// another, mixed more often than not and changed. A share of the parents is of the front instead, wherever on it, so that there is something to
/// choose at every cost; the first of all is the least of everything, since chance would be long in coming to that end.
/// </summary>
/// <param name="founders">How many candidates there are before there are children.</param>
/// <param name="population">How many of the best may be parents.</param>
public sealed class EvolutionStrategy(int founders = 24, int population = 10) : ISearchStrategy
{
    private const double OfTheFront = 0.2;
    private const double Mixed = 0.7;

    /// <inheritdoc/>
    public string Name => "evolution";

    /// <inheritdoc/>
    public BertShape Propose(SearchSpace space, IReadOnlyList<Evaluation> done, int number, Random random)
    {
        ArgumentNullException.ThrowIfNull(done);
        ArgumentNullException.ThrowIfNull(random);
        if (number == 0)
        {
            return space.Smallest;
        }

        var variation = new ShapeVariation(space);
        if (number < founders || done.Count == 0)
        {
            return variation.Sample(random);
        }

        var isOfTheFront = random.NextDouble() < OfTheFront;
        List<Evaluation> parents = [.. isOfTheFront ? Pareto.Front(done) : done.OrderByDescending(e => e.Score).ThenBy(e => e.Cost.Cycles).Take(population)];
        int Any() => random.Next(parents.Count);
        BertShape Parent() => parents[isOfTheFront ? Any() : Math.Min(Any(), Any())].Cost.Shape;
        var child = random.NextDouble() < Mixed ? variation.Cross(Parent(), Parent(), random) : Parent();
        return variation.Mutate(child, random);
    }
}
