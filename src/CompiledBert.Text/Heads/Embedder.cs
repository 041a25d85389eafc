namespace CompiledBert.Text;

/// <summary>Texts to vectors.</summary>
public sealed class Embedder : TextHead
{
    /// <summary>Called by emitted code.</summary>
    public Embedder(ITokenModel model, HeadOptions options)
        : base(model, options)
    {
        Pooler = new Pooler(options);
        Dimensions = options.Dense is [.., var last] ? last.Outputs : options.Width;
    }

    private protected override string Operation => "embed";

    private protected override bool HasWindows => true;

    /// <summary>Elements of a vector.</summary>
    public int Dimensions { get; }

    /// <summary>What stands before queries; null where they are not told apart.</summary>
    public string? QueryPrefix => Options.QueryPrefix;

    /// <summary>What stands before passages; null where they are not told apart.</summary>
    public string? PassagePrefix => Options.PassagePrefix;

    /// <summary>From the vectors of tokens to one.</summary>
    internal Pooler Pooler { get; }

    /// <summary>Elements of what the network gives for a token or a text.</summary>
    internal int Width => Options.Width;

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
            if (Tokenize(text, prefix ?? Options.Prefix, memory) is { } windows)
            {
                EmbedParts(windows, memory, vector, cancellationToken);
                return false;
            }

            Pooler.Finish(Run(memory, Options.Pooling != Pooling.None, cancellationToken), memory, vector);
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
        EmbedAll(texts, prefix, progress, out _, out _, cancellationToken);

    /// <summary>
    /// The same, and how many tokens there were, special ones included, without those left out, and which texts had too many, so that their ends were left out.
    /// </summary>
    public float[][] EmbedAll(
        IEnumerable<string> texts, string? prefix, IProgress<int>? progress, out long tokens, out bool[] areTruncated, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(texts);
        var (vectors, truncated) = (new List<float[]>(), new List<bool>());
        var batch = new EmbeddingBatch(this, prefix ?? Options.Prefix);
        foreach (var text in texts)
        {
            cancellationToken.ThrowIfCancellationRequested();
            truncated.Add(batch.Add(text));
            if (batch.IsFull)
            {
                batch.Run(vectors, progress, cancellationToken);
            }
        }

        batch.Run(vectors, progress, cancellationToken);
        (tokens, areTruncated) = (batch.Tokens, [.. truncated]);
        return [.. vectors];
    }

    /// <summary>Tokenizes a text into the memory; parts where it is taken in several.</summary>
    internal TextWindows? Tokenize(ReadOnlySpan<char> text, string prefix, HeadMemory memory)
    {
        var isInParts = TooLong == TooLong.Window;
        Tokenizer.Encode(memory.With(prefix, text), memory.Text, isInParts ? int.MaxValue : MaxTokens);
        if (isInParts && memory.Text.Count > MaxTokens)
        {
            return new TextWindows(memory.Text, MaxTokens, prefix.Length);
        }

        Check(memory.Text);
        return null;
    }

    /// <summary>Runs the network on sequences that lie one after the other.</summary>
    internal void RunSequences(
        ReadOnlySpan<int> lengths, ReadOnlySpan<int> ids, ReadOnlySpan<int> typeIds, Span<float> output, CancellationToken cancellationToken) =>
        RunModel(lengths, ids, typeIds, output, default, cancellationToken);

    /// <summary>The mean of the parts' pooled vectors, each weighted by its tokens; what follows the pooling is done to that.</summary>
    private void EmbedParts(TextWindows windows, HeadMemory memory, Span<float> vector, CancellationToken cancellationToken)
    {
        float[] sum = new float[Width], pooled = new float[Width];
        for (var part = 0; part < windows.Parts; part++)
        {
            var held = windows.TakePart(part);
            var output = memory.Output(Pooler.ElementsOf(windows.Ids.Length));
            RunModel([windows.Ids.Length], windows.Ids, windows.TypeIds, output, default, cancellationToken);
            Pooler.Pool(output, pooled);
            Pooler.AddPart(pooled, (float)held / windows.All, sum);
        }

        Pooler.Complete(sum, memory, vector);
    }
}
