namespace CompiledBert;

/// <summary>The kinds of vector instructions that compiled models have code for, the widest last.</summary>
public enum InstructionSet
{
    /// <summary>128-bit vectors as the runtime makes them of what there is: SSE on x64, plain code elsewhere.</summary>
    Vector128,

    /// <summary>Arm's 128-bit vectors with fused multiply-add.</summary>
    AdvSimd,

    /// <summary>256-bit vectors with fused multiply-add: AVX2 and FMA.</summary>
    Avx2,

    /// <summary>512-bit vectors: AVX-512 F, BW, CD, DQ and VL.</summary>
    Avx512,
}
