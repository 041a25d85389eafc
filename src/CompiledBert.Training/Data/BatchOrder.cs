namespace CompiledBert.Training.Data;

/// <summary>
/// Which examples make which batch: shuffled anew in every epoch, then sorted by length within stretches, so that little is padded. The same
/// seed gives the same batches.
/// </summary>
/// <param name="examples">All examples.</param>
/// <param name="size">Examples of a batch.</param>
/// <param name="seed">The seed.</param>
public sealed class BatchOrder(IReadOnlyList<Example> examples, int size, int seed)
{
    private const int Stretch = 32;

    private int _epoch = -1;
    private int[][] _batches = [];

    /// <summary>Batches of an epoch.</summary>
    public int PerEpoch { get; } = (examples.Count + size - 1) / size;

    /// <summary>The examples' numbers of a batch of the whole training, counted through all epochs.</summary>
    public IReadOnlyList<int> At(int step)
    {
        if (step / PerEpoch != _epoch)
        {
            _epoch = step / PerEpoch;
            _batches = BatchesOf(_epoch);
        }

        return _batches[step % PerEpoch];
    }

    /// <summary>The batches of the first epoch: every example is in one of them.</summary>
    public int[][] First() => BatchesOf(0);

    private int[][] BatchesOf(int epoch)
    {
        var random = new Random(unchecked((seed * 1_000_003) + epoch));
        var order = Enumerable.Range(0, examples.Count).ToArray();
        random.Shuffle(order);
        int[][] batches = [.. order.Chunk(size * Stretch).SelectMany(part => part.OrderBy(i => examples[i].Ids.Length).ThenBy(i => i).Chunk(size))];
        random.Shuffle(batches);
        return batches;
    }
}
