namespace CompiledBert.Compiler.Targets;

public static partial class KnownCores
{
    /// <summary>Arm Cortex-A78.</summary>
    public static Core CortexA78 { get; } = new()
    {
        Name = "cortex-a78",
        Title = "Arm Cortex-A78",
        Source = "Arm Cortex-A78 Core Software Optimization Guide",
        Gigahertz = 2.6,
        IssueWidth = 4,
        VectorBits = 128,
        MultiplyAdds = 2,
        MultiplyAddLatency = 4,
        DotProducts = 2,
        IntegerMultiplies = 1,
        VectorOperations = 2,
        Loads = 3,
        LoadBits = 128,
        DivideCycles = 10,
        Level1 = 64 << 10,
        Level2 = 512 << 10,
        LastLevel = 4 << 20,
        MemoryGigabytes = 14,
    };
}
