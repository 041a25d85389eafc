namespace CompiledBert.Compiler.Targets;

public static partial class KnownCores
{
    /// <summary>Arm Cortex-A76.</summary>
    public static Core CortexA76 { get; } = new()
    {
        Name = "cortex-a76",
        Title = "Arm Cortex-A76",
        Source = "Arm Cortex-A76 Software Optimization Guide",
        Gigahertz = 2.4,
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
        Level2 = 512 << 10,
        LastLevel = 4 << 20,
        MemoryGigabytes = 12,
    };
}
