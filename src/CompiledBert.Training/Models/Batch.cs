using CompiledBert.Training.Data;
using static TorchSharp.torch;

namespace CompiledBert.Training.Models;

/// <summary>Sequences of one call, padded to the longest.</summary>
public sealed class Batch : IDisposable
{
    private Batch(Tensor ids, Tensor segments, Tensor mask, Tensor labels) => (Ids, Segments, Mask, Labels) = (ids, segments, mask, labels);

    /// <summary>Ids [B, T].</summary>
    public Tensor Ids { get; }

    /// <summary>Segments [B, T].</summary>
    public Tensor Segments { get; }

    /// <summary>1 for a token and 0 for padding [B, T], in floats.</summary>
    public Tensor Mask { get; }

    /// <summary>Labels [B].</summary>
    public Tensor Labels { get; }

    /// <summary>Sequences.</summary>
    public long Count => Ids.shape[0];

    /// <summary>Tokens of the longest.</summary>
    public long Tokens => Ids.shape[1];

    /// <summary>Puts examples together.</summary>
    public static Batch Of(IReadOnlyList<Example> examples)
    {
        var (count, tokens) = (examples.Count, examples.Max(e => e.Ids.Length));
        var (ids, segments, mask, labels) = (new long[count * tokens], new long[count * tokens], new float[count * tokens], new long[count]);
        for (var i = 0; i < count; i++)
        {
            for (var t = 0; t < examples[i].Ids.Length; t++)
            {
                var at = (i * tokens) + t;
                (ids[at], segments[at], mask[at]) = (examples[i].Ids[t], examples[i].Segments[t], 1);
            }

            labels[i] = examples[i].Label;
        }

        long[] shape = [count, tokens];
        return new Batch(tensor(ids, shape), tensor(segments, shape), tensor(mask, shape), tensor(labels, [count]));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Ids.Dispose();
        Segments.Dispose();
        Mask.Dispose();
        Labels.Dispose();
    }
}
