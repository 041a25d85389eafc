namespace CompiledBert.Compiler.Targets;

public static partial class KnownCores
{
    /// <summary>Intel Sapphire Rapids.</summary>
    /// <remarks>It has the dot product of AVX-VNNI on 256 bits, two a cycle: one of 512 bits.</remarks>
    public static Core SapphireRapids { get; } = new()
    {
        Name = "sapphire-rapids",
        Title = "Intel Sapphire Rapids",
        Source = "Intel 64 and IA-32 Architectures Optimization Reference Manual (248966); uops.info",
        Gigahertz = 3,
        IssueWidth = 6,
        VectorBits = 512,
        MultiplyAdds = 2,
        MultiplyAddLatency = 4,
        DotProducts = 1,
        IntegerMultiplies = 1,
        VectorOperations = 2,
        Loads = 2,
        LoadBits = 512,
        DivideCycles = 16,
        Level1 = 48 << 10,
        Level2 = 2 << 20,
        LastLevel = 60 << 20,
        MemoryGigabytes = 12,
    };
}
