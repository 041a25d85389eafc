namespace CompiledBert.Training.Data;

/// <summary>A text as tokens, with its label.</summary>
/// <param name="Ids">Ids, special tokens included.</param>
/// <param name="Segments">The segment of each.</param>
/// <param name="Label">The label's number.</param>
public sealed record Example(int[] Ids, byte[] Segments, int Label);
