namespace CompiledBert.Generator.Emit;

/// <summary>
/// One of the emitted variants of a model's steps. All are the same text over the aliases <c>V</c> (the static class), <c>VF</c>, <c>VI</c> (vectors of
/// floats and of ints), and <c>V128</c>, <c>V256</c> for parts of them; they differ in these facts.
/// </summary>
internal sealed record VectorTarget
{
    /// <summary>512-bit vectors with 32 registers.</summary>
    public static VectorTarget Avx512 { get; } = new()
    {
        Name = "Avx512",
        Bits = 512,
        IsSupported = "X86.Avx512F.IsSupported",
        FmaMethod = "V.FusedMultiplyAdd",
        MaxTileRows = 12,
        PanelsPerTile = 2,
    };

    /// <summary>256-bit vectors with 16 registers, and fused multiply-add.</summary>
    public static VectorTarget Avx2 { get; } = new()
    {
        Name = "Avx2",
        Bits = 256,
        IsSupported = "X86.Avx2.IsSupported",
        FmaMethod = "V.FusedMultiplyAdd",
        MaxTileRows = 6,
        PanelsPerTile = 1,
    };

    /// <summary>128-bit vectors: Arm's AdvSimd with 32 registers, SSE, or whatever the runtime makes of them.</summary>
    public static VectorTarget Vector128 { get; } = new()
    {
        Name = "Vector128",
        Bits = 128,
        IsSupported = "true",
        FmaMethod = "V.MultiplyAddEstimate",
        MaxTileRows = 6,
        PanelsPerTile = 1,
    };

    /// <summary>All variants, the first supported one is used.</summary>
    public static IReadOnlyList<VectorTarget> All { get; } = [Avx512, Avx2, Vector128];

    /// <summary>Name of the variant.</summary>
    public required string Name { get; init; }

    /// <summary>The nested class that holds its steps; not just the name, which would hide the runtime's own class there.</summary>
    public string ClassName => "With" + Name;

    /// <summary>Bits of a vector.</summary>
    public required int Bits { get; init; }

    /// <summary>C# expression that says whether the machine can run this variant, given that it cannot run those before it.</summary>
    public required string IsSupported { get; init; }

    /// <summary>Rows of the largest register tile of a linear step.</summary>
    public required int MaxTileRows { get; init; }

    /// <summary>Panels of 16 columns in a register tile.</summary>
    public required int PanelsPerTile { get; init; }

    private string FmaMethod { get; init; } = "";

    /// <summary>Floats in a vector.</summary>
    public int Lanes => Bits / 32;

    /// <summary>Vectors in a panel of 16 columns.</summary>
    public int VectorsPerPanel => 16 / Lanes;

    /// <summary>The aliases at the head of the variant's file.</summary>
    public string Usings => $"""
        using V128 = global::System.Runtime.Intrinsics.Vector128;
        using V256 = global::System.Runtime.Intrinsics.Vector256;
        using V = global::System.Runtime.Intrinsics.Vector{Bits};
        using VF = global::System.Runtime.Intrinsics.Vector{Bits}<float>;
        using VI = global::System.Runtime.Intrinsics.Vector{Bits}<int>;
        """;

    /// <summary>Text of a·b + c in one instruction.</summary>
    public string Fma(string a, string b, string c) => $"{FmaMethod}({a}, {b}, {c})";
}
