using CompiledBert.Training.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace CompiledBert.Training.Tasks;

/// <summary>The mean cosine of vectors and the teacher's; a model without a teacher is its own.</summary>
internal sealed class CosineTally : ITally
{
    private double _sum;
    private long _all;

    /// <inheritdoc/>
    public double Value => _sum / _all;

    /// <inheritdoc/>
    public void Add(Batch batch, Tensor own, Tensor? teachers)
    {
        _sum += nn.functional.cosine_similarity(own, teachers ?? own, 1).sum().item<float>();
        _all += batch.Count;
    }
}
