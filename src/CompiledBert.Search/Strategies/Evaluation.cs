using CompiledBert.Search.Costs;

namespace CompiledBert.Search.Strategies;

/// <summary>A candidate, what it takes and how good it is.</summary>
/// <param name="Cost">What it takes.</param>
/// <param name="Score">How good it is; more is better.</param>
public sealed record Evaluation(CandidateCost Cost, double Score);

/// <summary>Tells how good a candidate is.</summary>
public interface IScorer
{
    /// <summary>The score; more is better. The same candidate always has the same.</summary>
    double Score(CandidateCost candidate, CancellationToken cancellation);
}
