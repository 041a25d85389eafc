using CompiledBert.Search.Space;

namespace CompiledBert.Search.Strategies;

/// <summary>Every candidate by chance: what any other strategy must beat.</summary>
public sealed class RandomStrategy : ISearchStrategy
{
    /// <inheritdoc/>
    public string Name => "random";

    /// <inheritdoc/>
    public BertShape Propose(SearchSpace space, IReadOnlyList<Evaluation> done, int number, Random random) =>
        new ShapeVariation(space).Sample(random);
}
