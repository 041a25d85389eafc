namespace CompiledBert.Compiler.Targets;

public static partial class KnownCores
{
    /// <summary>Apple A14 (Firestorm).</summary>
    public static Core AppleA14 { get; } = new()
    {
        Name = "apple-a14",
        Title = "Apple A14 (Firestorm)",
        Source = "llvm/lib/Target/AArch64/AArch64SchedCyclone.td; D. Johnson, Apple M1 Firestorm microarchitecture (2021); AnandTech, Apple A14 and M1 (2020)",
        Gigahertz = 3,
        IssueWidth = 8,
        VectorBits = 128,
        MultiplyAdds = 4,
        MultiplyAddLatency = 4,
        DotProducts = 4,
        IntegerMultiplies = 4,
        VectorOperations = 4,
        Loads = 3,
        LoadBits = 128,
        DivideCycles = 4,
        Level1 = 128 << 10,
        Level2 = 8 << 20,
        LastLevel = 16 << 20,
        MemoryGigabytes = 30,
    };
}
