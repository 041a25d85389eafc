namespace CompiledBert.Compiler.Targets;

public static partial class KnownCores
{
    /// <summary>AMD Zen 3.</summary>
    public static Core Zen3 { get; } = new()
    {
        Name = "zen3",
        Title = "AMD Zen 3",
        Source = "AMD Software Optimization Guide for Family 19h processors (56665); uops.info",
        Gigahertz = 3.6,
        IssueWidth = 6,
        VectorBits = 256,
        MultiplyAdds = 2,
        MultiplyAddLatency = 4,
        IntegerMultiplies = 2,
        VectorOperations = 2,
        Loads = 3,
        LoadBits = 256,
        DivideCycles = 5,
        Level1 = 32 << 10,
        Level2 = 512 << 10,
        LastLevel = 32 << 20,
        MemoryGigabytes = 20,
    };
}
