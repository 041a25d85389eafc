namespace CompiledBert.Compiler.Targets;

/// <summary>
/// A processor core: what it issues a cycle, what its caches hold, how fast its memory is. The figures that schedules and estimates are made from.
/// </summary>
/// <remarks>Rates are of vectors of <see cref="VectorBits"/>, the widest that compiled models use there.</remarks>
public sealed record Core
{
    /// <summary>Its name in <c>Targets</c>: <c>cortex-a55</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Its name for people.</summary>
    public required string Title { get; init; }

    /// <summary>Where the figures are from.</summary>
    public required string Source { get; init; }

    /// <summary>Clock in GHz as such cores usually have it; a device may say another.</summary>
    public required double Gigahertz { get; init; }

    /// <summary>Whether instructions issue in program order, so that each waits for what it needs before anything behind it.</summary>
    public bool IsInOrder { get; init; }

    /// <summary>Instructions a cycle.</summary>
    public required int IssueWidth { get; init; }

    /// <summary>Bits of a vector.</summary>
    public required int VectorBits { get; init; }

    /// <summary>Vector multiply-adds of floats a cycle.</summary>
    public required double MultiplyAdds { get; init; }

    /// <summary>Cycles from a multiply-add's operands to its result.</summary>
    public required int MultiplyAddLatency { get; init; }

    /// <summary>Vector dot products of 8-bit integers a cycle, each four products a 32-bit lane; 0 where the core has none that .NET can use.</summary>
    public double DotProducts { get; init; }

    /// <summary>Vector multiplications of 16-bit integers a cycle, each with the addition of its neighbouring products and of these to a sum.</summary>
    public required double IntegerMultiplies { get; init; }

    /// <summary>Other vector instructions a cycle: additions, selections.</summary>
    public required double VectorOperations { get; init; }

    /// <summary>Vector loads a cycle.</summary>
    public required double Loads { get; init; }

    /// <summary>Bits of the widest load that issues beside arithmetic. A wider one holds the pipeline up.</summary>
    public required int LoadBits { get; init; }

    /// <summary>Cycles for which a division of vectors of floats keeps its unit busy.</summary>
    public required double DivideCycles { get; init; }

    /// <summary>First-level data cache in bytes.</summary>
    public required long Level1 { get; init; }

    /// <summary>Second-level cache in bytes, as such cores usually have it.</summary>
    public required long Level2 { get; init; }

    /// <summary>The last cache before memory in bytes, as such cores usually have it.</summary>
    public required long LastLevel { get; init; }

    /// <summary>Bytes a second that one core alone reads from memory, in 10⁹: what is usual, since it is the device's memory that decides.</summary>
    public required double MemoryGigabytes { get; init; }

    /// <summary>What estimates are multiplied with, as measured: a profile says it.</summary>
    public StepCorrections Corrections { get; init; } = StepCorrections.None;

    /// <summary>Whether estimates are corrected by what was measured.</summary>
    public bool IsCorrected => Corrections != StepCorrections.None;

    /// <summary>Floats in a vector.</summary>
    public int Lanes => VectorBits / 32;
}
