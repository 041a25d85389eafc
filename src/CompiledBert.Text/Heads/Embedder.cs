using System.Numerics;
using System.Runtime.InteropServices;

namespace CompiledBert.Text;

/// <summary>Texts to vectors.</summary>
public sealed class Embedder : TextHead
{
    /// <summary>Texts that are held at a time; what is embedded is bounded, however many there are.</summary>
    private const int TextsOfChunk = 1024;

    /// <summary>Tokens of one run over several texts.</summary>
    private const int TokensOfRun = 2048;

    /// <summary>Called by emitted code.</summary>
    public Embedder(ITokenModel model, HeadOptions options)
        : base(model, options) =>
        Dimensions = options.Dense is [.., var last] ? last.Outputs : options.Width;

    private protected override string Operation => "embed";

    /// <summary>Elements of a vector.</summary>
    public int Dimensions { get; }

    /// <summary>What stands before queries; null where they are not told apart.</summary>
    public string? QueryPrefix => Options.QueryPrefix;

    /// <summary>What stands before passages; null where they are not told apart.</summary>
    public string? PassagePrefix => Options.PassagePrefix;

    /// <summary>The vector of a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="vector">Takes the vector, <see cref="Dimensions"/> elements.</param>
    /// <param name="prefix">What stands before the text; null for what the model's files say.</param>
    /// <param name="cancellationToken">Asked before each step.</param>
    /// <returns>Whether the text had too many tokens and its end was left out.</returns>
    /// <exception cref="ArgumentException">The vector has another length.</exception>
    /// <exception cref="TextTooLongException">There are too many tokens, and <see cref="TextHead.TooLong"/> says that this is an error.</exception>
    public bool Embed(ReadOnlySpan<char> text, Span<float> vector, string? prefix = null, CancellationToken cancellationToken = default)
    {
        if (vector.Length != Dimensions)
        {
            throw new ArgumentException($"The vector has {vector.Length} elements, it must have {Dimensions}.", nameof(vector));
        }

        var memory = HeadMemory.Rent();
        try
        {
            Tokenizer.Encode(memory.With(prefix ?? Options.Prefix, text), memory.Text, MaxTokens);
            Check(memory.Text);
            Finish(Run(memory, Options.Pooling != Pooling.None, cancellationToken), memory, vector);
            return memory.Text.IsTruncated;
        }
        finally
        {
            memory.Return();
        }
    }

    /// <summary>The vector of a text.</summary>
    public float[] Embed(string text, string? prefix, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(text);
        var vector = new float[Dimensions];
        Embed(text, vector, prefix, cancellationToken);
        return vector;
    }

    /// <summary>The vectors of many texts, in their order, the same bits as one by one. Texts of like length run together, without padding.</summary>
    /// <param name="texts">The texts, read as they are needed.</param>
    /// <param name="prefix">What stands before each text; null for what the model's files say.</param>
    /// <param name="progress">Told how many are done.</param>
    /// <param name="cancellationToken">Asked before each step.</param>
    public float[][] EmbedAll(IEnumerable<string> texts, string? prefix, IProgress<int>? progress, CancellationToken cancellationToken) =>
        EmbedAll(texts, prefix, progress, out _, cancellationToken);

    /// <summary>The same, and how many tokens there were, special ones included, without those left out.</summary>
    public float[][] EmbedAll(IEnumerable<string> texts, string? prefix, IProgress<int>? progress, out long tokens, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(texts);
        var vectors = new List<float[]>();
        var chunk = new Chunk(this, prefix ?? Options.Prefix);
        foreach (var text in texts)
        {
            cancellationToken.ThrowIfCancellationRequested();
            chunk.Add(text);
            if (chunk.Count == TextsOfChunk)
            {
                chunk.Run(vectors, progress, cancellationToken);
            }
        }

        chunk.Run(vectors, progress, cancellationToken);
        tokens = chunk.Tokens;
        return [.. vectors];
    }

    /// <summary>From what the network gives for a text to its vector.</summary>
    private void Finish(ReadOnlySpan<float> rows, HeadMemory memory, Span<float> vector)
    {
        if (Options.Dense.Count == 0)
        {
            Pool(rows, vector);
        }
        else
        {
            var widest = Options.Width;
            foreach (var layer in Options.Dense)
            {
                widest = Math.Max(widest, layer.Outputs);
            }

            // Each layer reads one half and writes the other.
            var both = memory.Second(2 * widest);
            var from = both[..Options.Width];
            Pool(rows, from);
            for (var i = 0; i < Options.Dense.Count; i++)
            {
                var layer = Options.Dense[i];
                var to = both.Slice(i % 2 == 0 ? widest : 0, layer.Outputs);
                layer.Apply(from, to);
                from = to;
            }

            from.CopyTo(vector);
        }

        if (Options.Normalizes)
        {
            var sum = 0.0;
            foreach (var value in vector)
            {
                sum += (double)value * value;
            }

            Scale(vector, (float)(1 / Math.Max(Math.Sqrt(sum), 1e-12)));
        }
    }

    private void Pool(ReadOnlySpan<float> rows, Span<float> vector)
    {
        var width = vector.Length;
        var count = rows.Length / width;
        switch (Options.Pooling)
        {
            case Pooling.None or Pooling.Cls:
                rows[..width].CopyTo(vector);
                break;
            case Pooling.Last:
                rows[^width..].CopyTo(vector);
                break;
            case Pooling.Max:
                rows[..width].CopyTo(vector);
                for (var row = 1; row < count; row++)
                {
                    Greatest(rows.Slice(row * width, width), vector);
                }

                break;
            default:
                vector.Clear();
                for (var row = 0; row < count; row++)
                {
                    Add(rows.Slice(row * width, width), vector);
                }

                Scale(vector, Options.Pooling == Pooling.Mean ? 1f / count : 1f / MathF.Sqrt(count));
                break;
        }
    }

    private static void Add(ReadOnlySpan<float> row, Span<float> vector)
    {
        var i = 0;
        for (; i <= vector.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            (new Vector<float>(vector[i..]) + new Vector<float>(row[i..])).CopyTo(vector[i..]);
        }

        for (; i < vector.Length; i++)
        {
            vector[i] += row[i];
        }
    }

    private static void Greatest(ReadOnlySpan<float> row, Span<float> vector)
    {
        for (var i = 0; i < vector.Length; i++)
        {
            vector[i] = MathF.Max(vector[i], row[i]);
        }
    }

    private static void Scale(Span<float> vector, float factor)
    {
        for (var i = 0; i < vector.Length; i++)
        {
            vector[i] *= factor;
        }
    }

    /// <summary>Texts that are tokenized and not run yet.</summary>
    private sealed class Chunk(Embedder embedder, string prefix)
    {
        private readonly HeadMemory _memory = new();
        private readonly List<(int[] Ids, int[] TypeIds)> _texts = [];
        private readonly List<int> _lengths = [];
        private readonly List<int> _ids = [];
        private readonly List<int> _typeIds = [];

        public int Count => _texts.Count;

        public long Tokens { get; private set; }

        public void Add(string text)
        {
            ArgumentNullException.ThrowIfNull(text);
            embedder.Tokenizer.Encode(_memory.With(prefix, text), _memory.Text, embedder.MaxTokens);
            embedder.Check(_memory.Text);
            Tokens += _memory.Text.Count;
            _texts.Add((_memory.Text.Ids.ToArray(), _memory.Text.TypeIds.ToArray()));
        }

        public void Run(List<float[]> vectors, IProgress<int>? progress, CancellationToken cancellationToken)
        {
            var first = vectors.Count;
            vectors.AddRange(_texts.Select(_ => new float[embedder.Dimensions]));
            var order = Enumerable.Range(0, _texts.Count).OrderBy(i => _texts[i].Ids.Length).ToArray();
            for (var next = 0; next < order.Length;)
            {
                var start = next;
                _lengths.Clear();
                _ids.Clear();
                _typeIds.Clear();
                while (next < order.Length && (next == start || _ids.Count + _texts[order[next]].Ids.Length <= TokensOfRun))
                {
                    var (ids, typeIds) = _texts[order[next++]];
                    _lengths.Add(ids.Length);
                    _ids.AddRange(ids);
                    _typeIds.AddRange(typeIds);
                }

                RunOnce(vectors, first, order.AsSpan(start, next - start), cancellationToken);
                progress?.Report(first + next);
            }

            _texts.Clear();
        }

        private void RunOnce(List<float[]> vectors, int first, ReadOnlySpan<int> order, CancellationToken cancellationToken)
        {
            var width = embedder.Options.Width;
            var perToken = embedder.Options.Pooling != Pooling.None;
            var output = _memory.Output(width * (perToken ? _ids.Count : _lengths.Count));
            var lengths = CollectionsMarshal.AsSpan(_lengths);
            embedder.RunModel(
                lengths, CollectionsMarshal.AsSpan(_ids), CollectionsMarshal.AsSpan(_typeIds), output, default, cancellationToken);
            var at = 0;
            for (var i = 0; i < order.Length; i++)
            {
                var elements = width * (perToken ? lengths[i] : 1);
                embedder.Finish(output.Slice(at, elements), _memory, vectors[first + order[i]]);
                at += elements;
            }
        }
    }
}
