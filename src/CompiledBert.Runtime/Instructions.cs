using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace CompiledBert;

/// <summary>What this process can use of its processor.</summary>
/// <remarks>
/// The runtime decides: the switches <c>DOTNET_EnableAVX512=0</c>, <c>DOTNET_EnableAVX2=0</c> and <c>DOTNET_EnableHWIntrinsic=0</c> take instructions
/// away under the JIT, and a NativeAOT app knows only what <c>IlcInstructionSet</c> gave it. Benchmarks should print <see cref="Description"/>.
/// </remarks>
public static class Instructions
{
    private static readonly (Features Feature, string Name)[] Names =
    [
        (Features.Avx512, "AVX-512"),
        (Features.Avx2, "AVX2"),
        (Features.Fma, "FMA"),
        (Features.AvxVnni, "AVX-VNNI"),
        (Features.AdvSimd, "AdvSimd"),
        (Features.Dp, "dot product"),
    ];

    // After the names, which it is made of.
    private static readonly string Text = Describe(Present());

    /// <summary>The instructions that compiled models run on here.</summary>
    public static InstructionSet Best =>
        Avx512F.IsSupported ? InstructionSet.Avx512
        : Avx2.IsSupported && Fma.IsSupported ? InstructionSet.Avx2
        : AdvSimd.IsSupported ? InstructionSet.AdvSimd
        : InstructionSet.Vector128;

    /// <summary>
    /// What there is, for people and logs: <c>AVX-512, AVX2, FMA, AVX-VNNI</c>, <c>AdvSimd, dot product</c>, or <c>128-bit vectors</c> where nothing is known.
    /// </summary>
    public static string Description => Text;

    /// <summary>The description of a set of instructions: the test's way in.</summary>
    internal static string Describe(Features features)
    {
        if (features == Features.None)
        {
            return "128-bit vectors";
        }

        var names = new List<string>();
        foreach (var (feature, name) in Names)
        {
            if (features.HasFlag(feature))
            {
                names.Add(name);
            }
        }

        return string.Join(", ", names);
    }

    private static Features Present() =>
        (Avx512F.IsSupported ? Features.Avx512 : 0)
        | (Avx2.IsSupported ? Features.Avx2 : 0)
        | (Fma.IsSupported ? Features.Fma : 0)
        | (AvxVnni.IsSupported ? Features.AvxVnni : 0)
        | (AdvSimd.IsSupported ? Features.AdvSimd : 0)
        | (Dp.IsSupported ? Features.Dp : 0);

    /// <summary>Instructions worth telling apart.</summary>
    [Flags]
    internal enum Features
    {
        /// <summary>Nothing beyond what every processor of its kind has.</summary>
        None = 0,

        /// <summary>AVX-512 F.</summary>
        Avx512 = 1,

        /// <summary>AVX2.</summary>
        Avx2 = 2,

        /// <summary>Fused multiply-add on x64.</summary>
        Fma = 4,

        /// <summary>8-bit dot products on x64, the VEX form.</summary>
        AvxVnni = 8,

        /// <summary>Arm's 128-bit vectors.</summary>
        AdvSimd = 16,

        /// <summary>8-bit dot products on Arm.</summary>
        Dp = 32,
    }
}
