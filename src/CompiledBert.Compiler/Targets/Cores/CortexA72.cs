namespace CompiledBert.Compiler.Targets;

public static partial class KnownCores
{
    /// <summary>Arm Cortex-A72.</summary>
    /// <remarks>128-bit multiply-adds take both vector pipes. No dot product.</remarks>
    public static Core CortexA72 { get; } = new()
    {
        Name = "cortex-a72",
        Title = "Arm Cortex-A72",
        Source = "Arm Cortex-A72 Software Optimization Guide (UAN 0016A)",
        Gigahertz = 1.8,
        IssueWidth = 3,
        VectorBits = 128,
        MultiplyAdds = 1,
        MultiplyAddLatency = 7,
        IntegerMultiplies = 1,
        VectorOperations = 2,
        Loads = 1,
        LoadBits = 128,
        DivideCycles = 12,
        Level1 = 32 << 10,
        Level2 = 1 << 20,
        LastLevel = 1 << 20,
        MemoryGigabytes = 5,
    };
}
