using CompiledBert.Search.Costs;

namespace CompiledBert.Search.Strategies;

/// <summary>A candidate, what it takes and how good it is.</summary>
/// <param name="Cost">What it takes.</param>
/// <param name="Score">How good it is, which strategies go by; more is better.</param>
public sealed record Evaluation(CandidateCost Cost, double Score)
{
    /// <summary>What people are told of it: the share of texts that it tells right. The score, where the scorer says nothing else.</summary>
    public double Accuracy { get; init; } = Score;
}

/// <summary>Tells how good a candidate is; several threads may ask at once.</summary>
public interface IScorer
{
    /// <summary>The candidate with its score. The same candidate always has the same.</summary>
    Evaluation Evaluate(CandidateCost candidate, CancellationToken cancellation);
}
