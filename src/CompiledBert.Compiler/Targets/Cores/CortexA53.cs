namespace CompiledBert.Compiler.Targets;

public static partial class KnownCores
{
    /// <summary>Arm Cortex-A53.</summary>
    /// <remarks>Two 64-bit vector units, so one 128-bit multiply-add a cycle. A 128-bit load stops the pipeline for two cycles. No dot product.</remarks>
    public static Core CortexA53 { get; } = new()
    {
        Name = "cortex-a53",
        Title = "Arm Cortex-A53",
        Source = "Arm Cortex-A53 MPCore Technical Reference Manual (DDI 0500); llvm/lib/Target/AArch64/AArch64SchedA53.td",
        Gigahertz = 1.8,
        IsInOrder = true,
        IssueWidth = 2,
        VectorBits = 128,
        MultiplyAdds = 1,
        MultiplyAddLatency = 4,
        IntegerMultiplies = 0.5,
        VectorOperations = 1,
        Loads = 1,
        LoadBits = 64,
        DivideCycles = 28,
        Level1 = 32 << 10,
        Level2 = 512 << 10,
        LastLevel = 512 << 10,
        MemoryGigabytes = 3.5,
    };
}
