namespace CompiledBert.Compiler.Targets;

public static partial class KnownCores
{
    /// <summary>Arm Cortex-A510.</summary>
    /// <remarks>Vector units of 2 × 128 bits are shared by a pair of cores: the rates are those of a core that has them alone.</remarks>
    public static Core CortexA510 { get; } = new()
    {
        Name = "cortex-a510",
        Title = "Arm Cortex-A510",
        Source = "Arm Cortex-A510 Core Software Optimization Guide; llvm/lib/Target/AArch64/AArch64SchedA510.td",
        Gigahertz = 1.8,
        IsInOrder = true,
        IssueWidth = 3,
        VectorBits = 128,
        MultiplyAdds = 2,
        MultiplyAddLatency = 4,
        DotProducts = 1,
        IntegerMultiplies = 2,
        VectorOperations = 2,
        Loads = 2,
        LoadBits = 128,
        DivideCycles = 22,
        Level1 = 32 << 10,
        Level2 = 256 << 10,
        LastLevel = 4 << 20,
        MemoryGigabytes = 8,
    };
}
