using CompiledBert.Search.Space;

namespace CompiledBert.Search.Strategies;

/// <summary>
/// Says which candidate to look at next. It keeps nothing between calls: what it proposes follows from what was evaluated and from the random numbers
/// that it is given, so that a search goes on after an interruption as if there had been none.
/// </summary>
public interface ISearchStrategy
{
    /// <summary>Its name on the command line and in reports.</summary>
    string Name { get; }

    /// <summary>The next candidate; it may have been proposed before, or take too much, and is proposed anew then.</summary>
    /// <param name="space">What may be chosen from.</param>
    /// <param name="done">What was evaluated so far, first to last.</param>
    /// <param name="number">How many candidates there were before this one: those that are done, and those that are under way.</param>
    /// <param name="random">Random numbers of this proposal alone.</param>
    BertShape Propose(SearchSpace space, IReadOnlyList<Evaluation> done, int number, Random random);
}
