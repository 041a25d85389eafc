namespace CompiledBert.Compiler.Targets;

public static partial class KnownCores
{
    /// <summary>Arm Cortex-A55.</summary>
    /// <remarks>
    /// Two 64-bit vector units, so one 128-bit multiply-add or dot product a cycle; llvm's model counts two multiply-adds. 64-bit loads issue beside
    /// arithmetic, 128-bit ones take the pipeline for two cycles.
    /// </remarks>
    public static Core CortexA55 { get; } = new()
    {
        Name = "cortex-a55",
        Title = "Arm Cortex-A55",
        Source = "Arm Cortex-A55 Software Optimization Guide (EPM-128372); llvm/lib/Target/AArch64/AArch64SchedA55.td",
        Gigahertz = 1.8,
        IsInOrder = true,
        IssueWidth = 2,
        VectorBits = 128,
        MultiplyAdds = 1,
        MultiplyAddLatency = 4,
        DotProducts = 1,
        IntegerMultiplies = 0.5,
        VectorOperations = 1,
        Loads = 1,
        LoadBits = 64,
        DivideCycles = 22,
        Level1 = 32 << 10,
        Level2 = 128 << 10,
        LastLevel = 2 << 20,
        MemoryGigabytes = 6,
    };
}
