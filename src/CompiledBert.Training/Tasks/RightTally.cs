using CompiledBert.Training.Models;
using static TorchSharp.torch;

namespace CompiledBert.Training.Tasks;

/// <summary>The share of texts whose label is told right.</summary>
internal sealed class RightTally : ITally
{
    private long _right;
    private long _all;

    /// <inheritdoc/>
    public double Value => (double)_right / _all;

    /// <inheritdoc/>
    public void Add(Batch batch, Tensor own, Tensor? teachers)
    {
        _right += own.argmax(1).eq(batch.Labels).sum().item<long>();
        _all += batch.Count;
    }
}
