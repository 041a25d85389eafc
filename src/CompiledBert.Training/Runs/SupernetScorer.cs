using CompiledBert.Search.Costs;
using CompiledBert.Search.Strategies;
using CompiledBert.Training.Data;
using CompiledBert.Training.Learning;
using CompiledBert.Training.Models;
using static TorchSharp.torch;

namespace CompiledBert.Training.Runs;

/// <summary>Scores a candidate by what it tells right as a part of a supernet.</summary>
/// <param name="supernet">The supernet, trained.</param>
/// <param name="held">What is told.</param>
/// <param name="mixed">Whether products are of bfloat16.</param>
internal sealed class SupernetScorer(Supernet supernet, IReadOnlyList<Example> held, bool mixed) : IScorer
{
    /// <inheritdoc/>
    public double Score(CandidateCost candidate, CancellationToken cancellation)
    {
        using var none = no_grad();
        using var scope = NewDisposeScope();
        return Trainer.Accuracy(supernet.Part(candidate.Shape), held, mixed, cancellation);
    }
}
