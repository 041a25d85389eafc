namespace CompiledBert.Compiler.Targets;

public static partial class KnownCores
{
    /// <summary>AMD Zen 4.</summary>
    /// <remarks>
    /// Vectors of 512 bits pass 256-bit units in two cycles. Its dot product of 512 bits is out of .NET 10's reach. A multiplication of words (vpmaddwd) and
    /// its addition share units: alone one starts each cycle, together one every 1.35 cycles, as measured on a server of model 17 with a tile's whole loop.
    /// </remarks>
    public static Core Zen4 { get; } = new()
    {
        Name = "zen4",
        Title = "AMD Zen 4",
        Source = "AMD Software Optimization Guide for the Zen 4 microarchitecture (57647); uops.info",
        Gigahertz = 3.7,
        IssueWidth = 6,
        VectorBits = 512,
        MultiplyAdds = 1,
        MultiplyAddLatency = 4,
        IntegerMultiplies = 0.74,
        VectorOperations = 1,
        Loads = 1,
        LoadBits = 512,
        DivideCycles = 10,
        Level1 = 32 << 10,
        Level2 = 1 << 20,
        LastLevel = 32 << 20,
        MemoryGigabytes = 25,
    };
}
