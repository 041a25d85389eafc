namespace CompiledBert.Compiler;

/// <summary>The numbers that a model's products are computed with.</summary>
public enum Precision
{
    /// <summary>32-bit floating point.</summary>
    Fp32,

    /// <summary>8-bit integers with exact sums, for weights a scale a column, for activations a scale a row found while the model runs.</summary>
    Int8,
}

/// <summary>What to compile and how: the metadata of a <c>BertModel</c> item.</summary>
public sealed record CompileOptions
{
    /// <summary>The model file.</summary>
    public required string ModelPath { get; init; }

    /// <summary>Name of the emitted class; null to derive it from the file.</summary>
    public string? Name { get; init; }

    /// <summary>Namespace of the emitted class; empty for none.</summary>
    public string Namespace { get; init; } = "";

    /// <summary>Whether the class is public.</summary>
    public bool IsPublic { get; init; } = true;

    /// <summary>Names of the outputs to compute, or <c>*</c> for all; empty for the first.</summary>
    public IReadOnlyList<string> Outputs { get; init; } = [];

    /// <summary>The most tokens a sequence may have; null for what the model allows.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>Threads a call uses unless the caller says otherwise.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>The numbers that products are computed with.</summary>
    public Precision Precision { get; init; }

    /// <summary>Token ids that 8 bits are measured on; null for made-up ones. For <see cref="Precision.Int8"/> only.</summary>
    public Quantization.Calibration? Calibration { get; init; }

    /// <summary>Names of the cores or devices that the model is for (see <see cref="CompiledBert.Compiler.Targets.TargetTable"/>); empty for any.</summary>
    public IReadOnlyList<string> Targets { get; init; } = [];

    /// <summary>What was measured on one core, which estimates for it are corrected by; null for none.</summary>
    public Cost.CostProfile? Profile { get; init; }

    /// <summary>Whether the files beside the model decide what it makes of texts; without, the class takes ids and tensors only.</summary>
    public bool Text { get; init; }

    /// <summary>What the model makes of texts (embed, classify, tag, answer, score, mask), <c>raw</c> for nothing; null for what its files say.</summary>
    public string? Head { get; init; }

    /// <summary>How the vectors of tokens become one (mean, meansqrt, max, cls, last); null for what its files say.</summary>
    public string? Pooling { get; init; }

    /// <summary>Whether embeddings get length one; null for what its files say.</summary>
    public bool? Normalize { get; init; }

    /// <summary>Names of the labels; empty for what its files say.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>Put before every text; null for what its files say.</summary>
    public string? Prefix { get; init; }

    /// <summary>Put before queries; null for what its files say.</summary>
    public string? QueryPrefix { get; init; }

    /// <summary>Put before passages; null for what its files say.</summary>
    public string? PassagePrefix { get; init; }

    /// <summary>The folder of the files that describe the model; null for the model's own and the one above it.</summary>
    public string? TokenizerFolder { get; init; }

    /// <summary>
    /// Whether weights are read. Without, there is a plan to look at and estimate, but no weights to write: no hash, no scales of integers. In
    /// 8 bits, weights that are equal but not made of the same data then count each by itself.
    /// </summary>
    public bool ReadsWeights { get; init; } = true;

    /// <summary>Reads the signature only and makes a stub plan, for design-time builds.</summary>
    public bool SignatureOnly { get; init; }
}
