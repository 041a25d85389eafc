using static TorchSharp.torch;

namespace CompiledBert.Training.Models;

/// <summary>
/// What a model computes of a batch. Where its head reads the first token, the last layer computes that row alone: R is 1 there, and T elsewhere.
/// </summary>
/// <param name="Results">The head's results [B, outputs], or [B, T, outputs] where nothing is pooled.</param>
/// <param name="Hidden">The results of the embeddings and of every layer [B, R, width].</param>
/// <param name="Scores">The scores of every layer's heads before softmax, masked [B, heads, R, T].</param>
public sealed record BertResults(Tensor Results, IReadOnlyList<Tensor> Hidden, IReadOnlyList<Tensor> Scores);
