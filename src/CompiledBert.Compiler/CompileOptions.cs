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

    /// <summary>Name of the emitted class; null to derive it from the file .</summary>
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

    /// <summary>Names of the cores or devices that the model is for (see <see cref="CompiledBert.Compiler.Targets.TargetTable"/>); empty for any.</summary>
    public IReadOnlyList<string> Targets { get; init; } = [];

    /// <summary>Reads the signature only and makes a stub plan, for design-time builds.</summary>
    public bool SignatureOnly { get; init; }
}
