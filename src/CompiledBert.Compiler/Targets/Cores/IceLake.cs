namespace CompiledBert.Compiler.Targets;

public static partial class KnownCores
{
    /// <summary>Intel Ice Lake (server).</summary>
    /// <remarks>Its dot product of 512 bits is out of .NET 10's reach.</remarks>
    public static Core IceLake { get; } = new()
    {
        Name = "ice-lake",
        Title = "Intel Ice Lake (server)",
        Source = "Intel 64 and IA-32 Architectures Optimization Reference Manual (248966); uops.info",
        Gigahertz = 3,
        IssueWidth = 5,
        VectorBits = 512,
        MultiplyAdds = 2,
        MultiplyAddLatency = 4,
        IntegerMultiplies = 1,
        VectorOperations = 2,
        Loads = 2,
        LoadBits = 512,
        DivideCycles = 16,
        Level1 = 48 << 10,
        Level2 = 1280 << 10,
        LastLevel = 32 << 20,
        MemoryGigabytes = 12,
    };
}
