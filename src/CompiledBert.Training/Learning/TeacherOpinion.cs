using static TorchSharp.torch;

namespace CompiledBert.Training.Learning;

/// <summary>What a teacher says of a batch, and how it comes to that; what stands where the mask is 0 means nothing.</summary>
/// <param name="Results">Its results [B, outputs], or [B, T, outputs].</param>
/// <param name="States">The results of some of its layers [B, T or 1, width]; none where hidden states do not count.</param>
/// <param name="Shares">For the same layers, how much the heads' queries look at every token [B, heads, T or 1, T]; none where that does not count.</param>
public sealed record TeacherOpinion(Tensor Results, IReadOnlyList<Tensor> States, IReadOnlyList<Tensor> Shares);
