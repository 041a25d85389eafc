namespace CompiledBert.Compiler.Targets;

public static partial class KnownCores
{
    /// <summary>Arm Cortex-X3.</summary>
    public static Core CortexX3 { get; } = new()
    {
        Name = "cortex-x3",
        Title = "Arm Cortex-X3",
        Source = "Arm Cortex-X3 Core Software Optimization Guide",
        Gigahertz = 3.2,
        IssueWidth = 6,
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
        LastLevel = 8 << 20,
        MemoryGigabytes = 25,
    };
}
