namespace CompiledBert.Training.Data;

/// <summary>A text as tokens, with its label.</summary>
/// <param name="Ids">Ids, special tokens included.</param>
/// <param name="Segments">The segment of each.</param>
/// <param name="Label">The label's number; <see cref="NoLabel"/> where there is none.</param>
public sealed record Example(int[] Ids, byte[] Segments, int Label)
{
    /// <summary>The number of a label that nobody knows.</summary>
    public const int NoLabel = -1;

    /// <summary>The label's number of every token, <see cref="NoLabel"/> for those without; null where tokens have none.</summary>
    public int[]? Tags { get; init; }
}
