using System.Runtime.Intrinsics.X86;

namespace CompiledBert.Training.Native;

/// <summary>What this machine's processor does that matters to training.</summary>
public static class Processor
{
    private const int Bfloat16Bit = 1 << 5;

    /// <summary>Whether it multiplies numbers of bfloat16, two for one of single precision (AVX512_BF16).</summary>
    public static bool MultipliesBfloat16 => Avx512F.IsSupported && X86Base.CpuId(7, 0).Eax >= 1 && (X86Base.CpuId(7, 1).Eax & Bfloat16Bit) != 0;
}
