namespace CompiledBert.Compiler.Reports;

/// <summary>
/// Everything known about a compiled model before it runs: what it is made of, and what a call is estimated to cost. The same model and options give the
/// same report; it holds no dates and no folders. All times and cycles in it are estimates of the cost model, one sequence and one thread.
/// </summary>
public sealed record ModelReport
{
    /// <summary>The class with its namespace.</summary>
    public required string Name { get; init; }

    /// <summary>File name of the model.</summary>
    public required string Source { get; init; }

    /// <summary>The precision that was asked for: fp32 or int8.</summary>
    public required string Precision { get; init; }

    /// <summary>How many nodes the model has as its exporter wrote it.</summary>
    public required int SourceNodes { get; init; }

    /// <summary>Bytes of the weights, compiled tokenizer included.</summary>
    public required long WeightsBytes { get; init; }

    /// <summary>Bytes of the emitted C#; null where it was not emitted yet.</summary>
    public long? EmittedBytes { get; init; }

    /// <summary>The lengths that are reported on, the shortest first.</summary>
    public required IReadOnlyList<LengthReport> Lengths { get; init; }

    /// <summary>The steps of a call in order.</summary>
    public required IReadOnlyList<StepReport> Steps { get; init; }

    /// <summary>Whether the targets were asked for; otherwise they are examples.</summary>
    public required bool AreTargetsChosen { get; init; }

    /// <summary>What a call costs on each core.</summary>
    public required IReadOnlyList<TargetReport> Targets { get; init; }

    /// <summary>The arena's buffers and when they are in use.</summary>
    public required IReadOnlyList<BufferReport> Buffers { get; init; }

    /// <summary>The weights, tensor by tensor, as they lie in the blob.</summary>
    public required IReadOnlyList<WeightReport> Weights { get; init; }
}

/// <summary>One length of the sequence.</summary>
/// <param name="Tokens">Tokens; null for a model whose shapes are all fixed.</param>
/// <param name="ArenaBytes">Memory for intermediate results of a call.</param>
/// <param name="NodeByNodeBytes">Bytes of intermediate results if each node of the model wrote its own; views count nothing.</param>
/// <param name="WrittenBytes">Bytes of intermediate results that the steps do write.</param>
public sealed record LengthReport(long? Tokens, long ArenaBytes, long NodeByNodeBytes, long WrittenBytes);

/// <summary>One step.</summary>
/// <param name="Title">What it is, for people.</param>
/// <param name="Kind">linear, attention, matmul or nest.</param>
/// <param name="Layer">The layer it belongs to; null for none.</param>
/// <param name="Precision">What its products are computed in: fp32 or int8; null where it has none.</param>
/// <param name="Nodes">Names of the model's nodes behind it.</param>
/// <param name="Operations">Arithmetic operations at each length; a multiply-add counts two, a function such as exp one.</param>
/// <param name="Bytes">Bytes it reads and writes at each length, each buffer once.</param>
/// <param name="SignalToNoise">Of its weights in 8 bits: their energy over that of their rounding, in decibels; null where nothing was rounded.</param>
public sealed record StepReport(
    string Title, string Kind, string? Layer, string? Precision, IReadOnlyList<string> Nodes,
    IReadOnlyList<long> Operations, IReadOnlyList<long> Bytes, double? SignalToNoise);

/// <summary>What a call costs on one core.</summary>
/// <param name="Target">The target that was named: a core or a device.</param>
/// <param name="Core">The core.</param>
/// <param name="Title">The core's name for people.</param>
/// <param name="Gigahertz">Its clock.</param>
/// <param name="FloatGigaops">The most operations on floats a second that it does, in 10⁹.</param>
/// <param name="IntegerGigaops">The same of 8-bit integers.</param>
/// <param name="MemoryGigabytes">Bytes a second that it reads from memory, in 10⁹.</param>
/// <param name="Costs">A call at each length.</param>
public sealed record TargetReport(
    string Target, string Core, string Title, double Gigahertz, double FloatGigaops, double IntegerGigaops,
    double MemoryGigabytes, IReadOnlyList<CallReport> Costs)
{
    /// <summary>Whether a profile of what was measured on such a core corrected the estimates.</summary>
    public bool IsCorrected { get; init; }

    /// <summary>Time of so many cycles at the core's clock.</summary>
    public double MillisecondsOf(double cycles) => cycles / Gigahertz / 1e6;

    /// <summary>Names target and core: <c>pixel-6, cortex-a55</c>.</summary>
    public string Label => Target == Core ? Core : Target + ", " + Core;
}

/// <summary>What a call of one length costs on a core: an estimate.</summary>
/// <param name="StepCycles">Cycles of each step; null where the cost is not known, which is not zero.</param>
/// <param name="MemoryBound">Whether memory rather than the core decides, step by step.</param>
public sealed record CallReport(IReadOnlyList<long?> StepCycles, IReadOnlyList<bool> MemoryBound)
{
    /// <summary>Cycles of all steps whose cost is known: their sum, to the cycle.</summary>
    public long Cycles => StepCycles.Sum(c => c ?? 0);

    /// <summary>Steps of unknown cost; <see cref="Cycles"/> leaves them out.</summary>
    public int UnknownSteps => StepCycles.Count(c => c is null);
}

/// <summary>A buffer of the arena.</summary>
/// <param name="Id">Its name in the plan.</param>
/// <param name="Slot">The slot it lies in; slots are reused.</param>
/// <param name="First">The first step that touches it.</param>
/// <param name="Last">The last one.</param>
/// <param name="Elements">Its elements as a polynomial of the lengths.</param>
/// <param name="Type">The element type.</param>
/// <param name="Bytes">Its bytes at each length.</param>
public sealed record BufferReport(string Id, long Slot, int First, int Last, string Elements, string Type, IReadOnlyList<long> Bytes);

/// <summary>A tensor of the weights.</summary>
/// <param name="Id">Its name in the plan.</param>
/// <param name="Name">Its name in the model.</param>
/// <param name="Type">The element type in the blob.</param>
/// <param name="Bytes">Bytes in the blob; 0 for one that lies where an equal one does.</param>
/// <param name="Steps">The steps that read it.</param>
public sealed record WeightReport(string Id, string Name, string Type, long Bytes, IReadOnlyList<int> Steps);
