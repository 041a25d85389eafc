using CompiledBert.Training.Data;
using static TorchSharp.torch;

namespace CompiledBert.Training.Models;

/// <summary>Sequences of one call, padded to the longest.</summary>
public sealed class Batch : IDisposable
{
    private Batch(Tensor words, Tensor places, Tensor segments, Tensor mask, Tensor labels, Tensor tags) =>
        (Words, Places, Segments, Mask, Labels, Tags) = (words, places, segments, mask, labels, tags);

    /// <summary>The ids that occur, each once, rising [U].</summary>
    public Tensor Words { get; }

    /// <summary>For every token the place of its id among <see cref="Words"/> [B, T].</summary>
    public Tensor Places { get; }

    /// <summary>Segments [B, T].</summary>
    public Tensor Segments { get; }

    /// <summary>1 for a token and 0 for padding [B, T], in floats.</summary>
    public Tensor Mask { get; }

    /// <summary>Labels [B]; below 0 for a text whose label nobody knows.</summary>
    public Tensor Labels { get; }

    /// <summary>Labels of the tokens [B, T]; below 0 for a token whose label nobody knows, or that has none.</summary>
    public Tensor Tags { get; }

    /// <summary>Sequences.</summary>
    public long Count => Places.shape[0];

    /// <summary>Tokens of the longest.</summary>
    public long Tokens => Places.shape[1];

    /// <summary>Puts examples together.</summary>
    public static Batch Of(IReadOnlyList<Example> examples)
    {
        var (count, tokens) = (examples.Count, examples.Max(e => e.Ids.Length));
        int[] words = [.. examples.SelectMany(e => e.Ids).Append(0).Distinct().Order()];
        var placeOf = words.Select((word, place) => (word, place)).ToDictionary(w => w.word, w => (long)w.place);
        var (places, segments, mask, labels, tags) =
            (new long[count * tokens], new long[count * tokens], new float[count * tokens], new long[count], new long[count * tokens]);
        Array.Fill(tags, Example.NoLabel);
        for (var i = 0; i < count; i++)
        {
            for (var t = 0; t < examples[i].Ids.Length; t++)
            {
                var at = (i * tokens) + t;
                (places[at], segments[at], mask[at]) = (placeOf[examples[i].Ids[t]], examples[i].Segments[t], 1);
                tags[at] = examples[i].Tags is { } known ? known[t] : Example.NoLabel;
            }

            labels[i] = examples[i].Label;
        }

        long[] shape = [count, tokens];
        return new Batch(
            tensor(words.Select(w => (long)w).ToArray()), tensor(places, shape), tensor(segments, shape),
            tensor(mask, shape), tensor(labels, [count]), tensor(tags, shape));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Words.Dispose();
        Places.Dispose();
        Segments.Dispose();
        Mask.Dispose();
        Labels.Dispose();
        Tags.Dispose();
    }
}
