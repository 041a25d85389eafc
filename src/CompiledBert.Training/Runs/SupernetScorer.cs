using CompiledBert.Search.Costs;
using CompiledBert.Search.Strategies;
using CompiledBert.Training.Learning;
using CompiledBert.Training.Native;
using static TorchSharp.torch;

namespace CompiledBert.Training.Runs;

/// <summary>Scores a candidate by how near it is to the teacher as a part of a supernet.</summary>
/// <param name="supernet">The supernet, trained.</param>
/// <param name="judge">Who tells.</param>
internal sealed class SupernetScorer(Supernet supernet, Judge judge) : IScorer
{
    /// <inheritdoc/>
    public Evaluation Evaluate(CandidateCost candidate, CancellationToken cancellation)
    {
        NativeTorch.UseThreads();
        using var none = no_grad();
        using var scope = NewDisposeScope();
        var (score, accuracy) = judge.Of(supernet.Part(candidate.Shape), cancellation);
        return new Evaluation(candidate, score) { Accuracy = accuracy };
    }
}
