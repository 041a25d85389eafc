namespace CompiledBert.Compiler.Targets;

public static partial class KnownCores
{
    /// <summary>Arm Cortex-X1.</summary>
    public static Core CortexX1 { get; } = new()
    {
        Name = "cortex-x1",
        Title = "Arm Cortex-X1",
        Source = "Arm Cortex-X1 Core Software Optimization Guide",
        Gigahertz = 2.8,
        IssueWidth = 5,
        VectorBits = 128,
        MultiplyAdds = 4,
        MultiplyAddLatency = 4,
        DotProducts = 4,
        IntegerMultiplies = 2,
        VectorOperations = 4,
        Loads = 3,
        LoadBits = 128,
        DivideCycles = 5,
        Level1 = 64 << 10,
        Level2 = 1 << 20,
        LastLevel = 4 << 20,
        MemoryGigabytes = 20,
    };
}
