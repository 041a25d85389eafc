namespace CompiledBert.Compiler.Targets;

public static partial class KnownCores
{
    /// <summary>AMD Zen 5.</summary>
    /// <remarks>The server core with units of 512 bits.</remarks>
    public static Core Zen5 { get; } = new()
    {
        Name = "zen5",
        Title = "AMD Zen 5",
        Source = "AMD Software Optimization Guide for the Zen 5 microarchitecture (58455); uops.info",
        Gigahertz = 4,
        IssueWidth = 8,
        VectorBits = 512,
        MultiplyAdds = 2,
        MultiplyAddLatency = 4,
        IntegerMultiplies = 2,
        VectorOperations = 2,
        Loads = 2,
        LoadBits = 512,
        DivideCycles = 10,
        Level1 = 48 << 10,
        Level2 = 1 << 20,
        LastLevel = 32 << 20,
        MemoryGigabytes = 30,
    };
}
