namespace CompiledBert.Compiler;

/// <summary>
/// Everything decided about a compiled model: what it takes and gives, its buffers, and its steps in order. The one hand-over between the compiler
/// and the generator, as text.
/// </summary>
public sealed record ModelPlan
{
    /// <summary>Name of the emitted class.</summary>
    public required string Name { get; init; }

    /// <summary>Namespace of the emitted class; empty for none.</summary>
    public required string Namespace { get; init; }

    /// <summary>Whether the class is public; internal otherwise.</summary>
    public required bool IsPublic { get; init; }

    /// <summary>File name of the model, without its folder.</summary>
    public required string Source { get; init; }

    /// <summary>How many nodes the model has as its exporter wrote it.</summary>
    public required int SourceNodes { get; init; }

    /// <summary>Threads a model uses when the caller does not say; 1 by default.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>True for a plan that has the signature only, made for design-time builds.</summary>
    public bool IsStub { get; init; }

    /// <summary>
    /// Whether sequences of different lengths may run concatenated: the symbols are a batch and tokens (or tokens alone) and
    /// no sequence's results depend on another's.
    /// </summary>
    public bool IsRagged { get; init; }

    /// <summary>Texts in and answers out; null for a model of ids and tensors only.</summary>
    public PlanHead? Head { get; init; }

    /// <summary>Lengths known at run time only. Empty for a model of static shapes.</summary>
    public required IReadOnlyList<PlanSymbol> Symbols { get; init; }

    /// <summary>What the caller gives.</summary>
    public required IReadOnlyList<PlanTensor> Inputs { get; init; }

    /// <summary>What the caller gets.</summary>
    public required IReadOnlyList<PlanTensor> Outputs { get; init; }

    /// <summary>Inputs whose values must lie in a range: ids of a table, checked before anything is computed.</summary>
    public IReadOnlyList<IndexCheck> Checks { get; init; } = [];

    /// <summary>What lengths must fulfil besides the greatest of each, checked before anything is computed.</summary>
    public IReadOnlyList<LengthLimit> Limits { get; init; } = [];

    /// <summary>The weights blob.</summary>
    public required WeightsInfo Weights { get; init; }

    /// <summary>All places that steps read and write.</summary>
    public required IReadOnlyList<PlanBuffer> Buffers { get; init; }

    /// <summary>The steps in order.</summary>
    public required IReadOnlyList<Step> Steps { get; init; }
}

/// <summary>What a symbol stands for.</summary>
public enum SymbolRole
{
    /// <summary>Number of sequences: the leading axis of every input that has it.</summary>
    Batch,

    /// <summary>Tokens of a sequence.</summary>
    Tokens,

    /// <summary>Any other length; the caller states it.</summary>
    Other,
}

/// <summary>A length known only at run time.</summary>
/// <param name="Name">The symbol.</param>
/// <param name="Role">What it stands for.</param>
/// <param name="Max">The largest value allowed; null where there is no limit.</param>
public sealed record PlanSymbol(string Name, SymbolRole Role, long? Max);

/// <summary>An input or output.</summary>
/// <param name="Name">Its name in the model.</param>
/// <param name="Identifier">The C# parameter name, camelCase, unique and valid.</param>
/// <param name="Type">The element type the caller sees (float for 16-bit floats).</param>
/// <param name="Shape">The lengths of its axes.</param>
public sealed record PlanTensor(string Name, string Identifier, DataType Type, IReadOnlyList<Dim> Shape);

/// <summary>Elements of an input must be at least <paramref name="Low"/> and below <paramref name="High"/>.</summary>
/// <param name="Input">Index of the input.</param>
/// <param name="Low">The least value allowed (negative where indices may count from the end).</param>
/// <param name="High">The first value not allowed; the rows of the table.</param>
public sealed record IndexCheck(int Input, long Low, long High);

/// <summary>One length must not exceed another, because the model reads so far into what is so long.</summary>
/// <param name="Length">How far it reads.</param>
/// <param name="Most">How long that is.</param>
public sealed record LengthLimit(Dim Length, Dim Most);

/// <summary>The blob of packed weights.</summary>
/// <param name="Bytes">Its length, header included.</param>
/// <param name="Hash">SHA-256 of what follows the header, hexadecimal.</param>
public sealed record WeightsInfo(long Bytes, string Hash);

/// <summary>Where a buffer lies.</summary>
public enum BufferKind
{
    /// <summary>An input span; <see cref="PlanBuffer.Place"/> is its index.</summary>
    Input,

    /// <summary>An output span; the place is its index.</summary>
    Output,

    /// <summary>The arena; the place is the slot. Buffers of one slot never live at the same time; a slot is as large as its largest buffer.</summary>
    Arena,

    /// <summary>The weights; the place is the byte offset in the blob.</summary>
    Weights,
}

/// <summary>A place that steps read and write: a tensor that really exists in memory.</summary>
/// <param name="Id">Its name in the plan, a valid identifier: in0, out0, a3, w12.</param>
/// <param name="Type">The element type.</param>
/// <param name="Elements">How many elements.</param>
/// <param name="Kind">Where it lies.</param>
/// <param name="Place">The index, slot or offset there.</param>
public sealed record PlanBuffer(string Id, DataType Type, Dim Elements, BufferKind Kind, long Place);
