namespace CompiledBert.Compiler.Targets;

public static partial class KnownCores
{
    /// <summary>Arm Neoverse N1.</summary>
    public static Core NeoverseN1 { get; } = new()
    {
        Name = "neoverse-n1",
        Title = "Arm Neoverse N1",
        Source = "Arm Neoverse N1 Software Optimization Guide; llvm/lib/Target/AArch64/AArch64SchedNeoverseN1.td",
        Gigahertz = 2.5,
        IssueWidth = 4,
        VectorBits = 128,
        MultiplyAdds = 2,
        MultiplyAddLatency = 4,
        DotProducts = 2,
        IntegerMultiplies = 1,
        VectorOperations = 2,
        Loads = 2,
        LoadBits = 128,
        DivideCycles = 10,
        Level1 = 64 << 10,
        Level2 = 1 << 20,
        LastLevel = 32 << 20,
        MemoryGigabytes = 15,
    };
}
