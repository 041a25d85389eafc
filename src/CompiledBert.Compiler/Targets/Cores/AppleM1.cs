namespace CompiledBert.Compiler.Targets;

public static partial class KnownCores
{
    /// <summary>Apple M1 (Firestorm).</summary>
    public static Core AppleM1 { get; } = new()
    {
        Name = "apple-m1",
        Title = "Apple M1 (Firestorm)",
        Source = "D. Johnson, Apple M1 Firestorm microarchitecture (2021); AnandTech, Apple A14 and M1 (2020)",
        Gigahertz = 3.2,
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
        Level2 = 12 << 20,
        LastLevel = 24 << 20,
        MemoryGigabytes = 58,
    };
}
