namespace CompiledBert.Compiler.Targets;

public static partial class KnownCores
{
    /// <summary>Arm Cortex-A710.</summary>
    public static Core CortexA710 { get; } = new()
    {
        Name = "cortex-a710",
        Title = "Arm Cortex-A710",
        Source = "Arm Cortex-A710 Core Software Optimization Guide",
        Gigahertz = 2.8,
        IssueWidth = 5,
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
        LastLevel = 8 << 20,
        MemoryGigabytes = 18,
    };
}
