namespace CompiledBert.Training.Models;

/// <summary>For every text of a batch another, whose embeddings are mixed into those of the first.</summary>
/// <param name="Others">The other texts: those of the batch in another order.</param>
/// <param name="Numbers">Which examples they are.</param>
/// <param name="Share">What the others count, 0 to 1; the first count the rest.</param>
public sealed record Blend(Batch Others, IReadOnlyList<int> Numbers, double Share) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => Others.Dispose();
}
