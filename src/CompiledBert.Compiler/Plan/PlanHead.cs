namespace CompiledBert.Compiler;

/// <summary>What a model makes of texts.</summary>
public enum HeadKind
{
    /// <summary>A vector for each text.</summary>
    Embed,

    /// <summary>A label for each text.</summary>
    Classify,

    /// <summary>A label for each word.</summary>
    Tag,

    /// <summary>The place in a passage that answers a question.</summary>
    Answer,

    /// <summary>How well two texts fit.</summary>
    Score,

    /// <summary>Tokens for the places of a text that are masked.</summary>
    Mask,
}

/// <summary>How the vectors of tokens become one.</summary>
public enum PoolingKind
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

/// <summary>What follows a layer's product.</summary>
public enum DenseActivation
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The hyperbolic tangent.</summary>
    Tanh,

    /// <summary>Nothing below zero.</summary>
    Relu,

    /// <summary>The logistic function.</summary>
    Sigmoid,
}

/// <summary>A layer behind the pooling.</summary>
/// <param name="Inputs">Elements of what it takes.</param>
/// <param name="Outputs">Elements of what it makes.</param>
/// <param name="Activation">What follows its product.</param>
/// <param name="HasBias">Whether a bias is added first.</param>
/// <param name="At">Where its weights begin in the blob: a row for each output, then the bias.</param>
public sealed record PlanDense(int Inputs, int Outputs, DenseActivation Activation, bool HasBias, long At);

/// <summary>All that is decided about texts in and answers out.</summary>
public sealed record PlanHead
{
    /// <summary>What the model makes of texts.</summary>
    public required HeadKind Kind { get; init; }

    /// <summary>How the vectors of tokens become one; for embeddings.</summary>
    public PoolingKind Pooling { get; init; }

    /// <summary>Layers behind the pooling, in order; for embeddings.</summary>
    public IReadOnlyList<PlanDense> Dense { get; init; } = [];

    /// <summary>Elements of a vector; for embeddings.</summary>
    public int Dimensions => Dense.Count > 0 ? Dense[Dense.Count - 1].Outputs : Width;

    /// <summary>Whether vectors get length one; for embeddings.</summary>
    public bool Normalizes { get; init; }

    /// <summary>Names of the labels; for classification and tagging.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>Whether each label has a probability of its own; for classification.</summary>
    public bool LabelsAreIndependent { get; init; }

    /// <summary>Whether the outputs are probabilities already, not logits: the model itself ends in a softmax or sigmoid.</summary>
    public bool GivesProbabilities { get; init; }

    /// <summary>Put before every text; may be empty.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>Put before queries; null where they are not told apart.</summary>
    public string? QueryPrefix { get; init; }

    /// <summary>Put before passages; null where they are not told apart.</summary>
    public string? PassagePrefix { get; init; }

    /// <summary>The id of the token that masks others; -1 where there is none.</summary>
    public int MaskId { get; init; } = -1;

    /// <summary>The most tokens of a text, special ones included.</summary>
    public required int MaxTokens { get; init; }

    /// <summary>Index of the input that takes ids.</summary>
    public required int Ids { get; init; }

    /// <summary>Index of the input that takes the mask; -1 for none.</summary>
    public int Mask { get; init; } = -1;

    /// <summary>Index of the input that takes types; -1 for none.</summary>
    public int Types { get; init; } = -1;

    /// <summary>The tokens that every sequence is filled up to, masked; 0 where the model takes any length.</summary>
    public int PaddedTo { get; init; }

    /// <summary>The id that sequences are filled up with.</summary>
    public int PadId { get; init; }

    /// <summary>Elements that the output has for a token, or for a text where it has one for each.</summary>
    public required int Width { get; init; }

    /// <summary>Whether the output has elements for each token.</summary>
    public bool IsPerToken { get; init; }

    /// <summary>Where the compiled tokenizer begins in the blob.</summary>
    public long TokenizerAt { get; init; }

    /// <summary>Bytes of the compiled tokenizer.</summary>
    public int TokenizerBytes { get; init; }
}
