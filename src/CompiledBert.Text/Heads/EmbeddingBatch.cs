using System.Runtime.InteropServices;

namespace CompiledBert.Text;

/// <summary>Texts that are tokenized and not run yet: what is held is bounded, however many texts there are.</summary>
internal sealed class EmbeddingBatch(Embedder embedder, string prefix)
{
    /// <summary>Sequences that are held at a time.</summary>
    private const int MostSequences = 1024;

    /// <summary>Tokens of one run over several sequences.</summary>
    private const int TokensOfRun = 2048;

    private readonly HeadMemory _memory = new();
    private readonly List<Sequence> _sequences = [];
    private readonly List<Text> _texts = [];
    private readonly List<int> _lengths = [];
    private readonly List<int> _ids = [];
    private readonly List<int> _typeIds = [];

    /// <summary>Tokens of all texts so far, special ones included, without those left out.</summary>
    public long Tokens { get; private set; }

    /// <summary>Whether it is time to run.</summary>
    public bool IsFull => _sequences.Count >= MostSequences;

    /// <summary>A text, or a part of one.</summary>
    private sealed record Sequence(int[] Ids, int[] TypeIds, int Text, int Part);

    /// <summary>A text: how many parts are yet to run, and of a text in parts the weight and the pooled vector of each.</summary>
    private sealed class Text(int parts)
    {
        public int Left { get; set; } = parts;

        public float[] Weights { get; } = parts > 1 ? new float[parts] : [];

        public float[][] Pooled { get; } = parts > 1 ? new float[parts][] : [];
    }

    /// <summary>Takes a text. Returns whether it had too many tokens and its end was left out.</summary>
    public bool Add(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var windows = embedder.Tokenize(text, prefix, _memory);
        var number = _texts.Count;
        if (windows is null)
        {
            _texts.Add(new Text(1));
            Add(_memory.Text.Ids, _memory.Text.TypeIds, number, 0);
            return _memory.Text.IsTruncated;
        }

        _texts.Add(new Text(windows.Parts));
        for (var part = 0; part < windows.Parts; part++)
        {
            _texts[number].Weights[part] = (float)windows.TakePart(part) / windows.All;
            Add(windows.Ids, windows.TypeIds, number, part);
        }

        return false;
    }

    /// <summary>Runs all that is held and adds the vectors.</summary>
    public void Run(List<float[]> vectors, IProgress<int>? progress, CancellationToken cancellationToken)
    {
        var first = vectors.Count;
        vectors.AddRange(_texts.Select(_ => new float[embedder.Dimensions]));
        var done = first;
        Sequence[] order = [.. _sequences.OrderBy(s => s.Ids.Length)];
        for (var next = 0; next < order.Length;)
        {
            var start = next;
            _lengths.Clear();
            _ids.Clear();
            _typeIds.Clear();
            while (next < order.Length && (next == start || _ids.Count + order[next].Ids.Length <= TokensOfRun))
            {
                var sequence = order[next++];
                _lengths.Add(sequence.Ids.Length);
                _ids.AddRange(sequence.Ids);
                _typeIds.AddRange(sequence.TypeIds);
            }

            done += RunOnce(vectors, first, order.AsSpan(start, next - start), cancellationToken);
            progress?.Report(done);
        }

        _sequences.Clear();
        _texts.Clear();
    }

    private void Add(ReadOnlySpan<int> ids, ReadOnlySpan<int> typeIds, int text, int part)
    {
        Tokens += ids.Length;
        _sequences.Add(new Sequence(ids.ToArray(), typeIds.ToArray(), text, part));
    }

    /// <summary>Runs sequences together. Returns how many texts that completed.</summary>
    private int RunOnce(List<float[]> vectors, int first, ReadOnlySpan<Sequence> order, CancellationToken cancellationToken)
    {
        var pooler = embedder.Pooler;
        var elements = 0;
        foreach (var sequence in order)
        {
            elements += pooler.ElementsOf(sequence.Ids.Length);
        }

        var output = _memory.Output(elements);
        embedder.RunSequences(
            CollectionsMarshal.AsSpan(_lengths), CollectionsMarshal.AsSpan(_ids), CollectionsMarshal.AsSpan(_typeIds), output, cancellationToken);
        var (at, completed) = (0, 0);
        foreach (var sequence in order)
        {
            var rows = output.Slice(at, pooler.ElementsOf(sequence.Ids.Length));
            at += rows.Length;
            var (text, vector) = (_texts[sequence.Text], vectors[first + sequence.Text]);
            if (text.Pooled.Length == 0)
            {
                pooler.Finish(rows, _memory, vector);
            }
            else
            {
                pooler.Pool(rows, text.Pooled[sequence.Part] = new float[embedder.Width]);
            }

            if (--text.Left == 0)
            {
                Join(text, vector);
                completed++;
            }
        }

        return completed;
    }

    /// <summary>Joins the parts of a text, in their order, so that the bits are those of the text alone.</summary>
    private void Join(Text text, float[] vector)
    {
        if (text.Pooled.Length > 0)
        {
            var sum = new float[embedder.Width];
            for (var part = 0; part < text.Pooled.Length; part++)
            {
                Pooler.AddPart(text.Pooled[part], text.Weights[part], sum);
            }

            embedder.Pooler.Complete(sum, _memory, vector);
        }
    }
}
