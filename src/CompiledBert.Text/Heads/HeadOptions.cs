using System.ComponentModel;

namespace CompiledBert.Text;

/// <summary>How the vectors of tokens become one.</summary>
public enum Pooling
{
    /// <summary>The model gives one vector already.</summary>
    None,

    /// <summary>Their mean.</summary>
    Mean,

    /// <summary>Their sum over the root of their number.</summary>
    MeanSqrt,

    /// <summary>The greatest of each element.</summary>
    Max,

    /// <summary>That of the first token.</summary>
    Cls,

    /// <summary>That of the last token.</summary>
    Last,
}

/// <summary>What is done with texts of too many tokens.</summary>
public enum TooLong
{
    /// <summary>What is beyond is left out.</summary>
    Truncate,

    /// <summary>A <see cref="TextTooLongException"/>.</summary>
    Throw,

    /// <summary>
    /// The text is taken in parts, none left out. A vector is the mean of the parts' pooled vectors, and logits of a classification
    /// the mean of the parts', both weighted by tokens; tags come from parts that overlap, and answers are looked for so in any
    /// case. Two texts together are never taken so.
    /// </summary>
    Window,
}

/// <summary>A text has more tokens than the model takes.</summary>
public sealed class TextTooLongException : ArgumentException
{
    internal TextTooLongException(int tokens, int most, bool hasWindows)
        : base(
            $"The text has {tokens} tokens, the model takes {most}. "
                + $"Shorten it, or set TooLong to Truncate{(hasWindows ? ", or to Window, by which it is taken in parts" : "")}.") =>
            (Tokens, MaxTokens) = (tokens, most);

    /// <summary>For a question that leaves its passage no room.</summary>
    internal TextTooLongException(int tokens, int most, int room)
        : base(
            $"The question has {tokens} tokens. The model takes {most} of question and passage together, "
                + $"of which a question may have {room}. Shorten it, or set TooLong to Truncate.") =>
            (Tokens, MaxTokens) = (tokens, most);

    /// <summary>Tokens of the text.</summary>
    public int Tokens { get; }

    /// <summary>Tokens that the model takes.</summary>
    public int MaxTokens { get; }
}

/// <summary>What an emitted class knows about its head.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class HeadOptions
{
    /// <summary>The tokenizer.</summary>
    public required Tokenizer Tokenizer { get; init; }

    /// <summary>The most tokens of a text.</summary>
    public required int MaxTokens { get; init; }

    /// <summary>Elements of the output for a token or a text.</summary>
    public required int Width { get; init; }

    /// <summary>Hash of the weights.</summary>
    public required string WeightsHash { get; init; }

    /// <summary>How vectors become one.</summary>
    public Pooling Pooling { get; init; }

    /// <summary>Layers behind the pooling, in order.</summary>
    public IReadOnlyList<DenseLayer> Dense { get; init; } = [];

    /// <summary>Whether vectors get length one.</summary>
    public bool Normalizes { get; init; }

    /// <summary>The labels.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>Whether each label has a probability of its own, by a sigmoid, or else all share one.</summary>
    public bool LabelsAreIndependent { get; init; }

    /// <summary>Whether the model gives probabilities already, not logits.</summary>
    public bool GivesProbabilities { get; init; }

    /// <summary>Put before every text.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>The id of the token that masks others; -1 where there is none.</summary>
    public int MaskId { get; init; } = -1;

    /// <summary>Put before queries; null where they are not told apart.</summary>
    public string? QueryPrefix { get; init; }

    /// <summary>Put before passages; null where they are not told apart.</summary>
    public string? PassagePrefix { get; init; }
}
