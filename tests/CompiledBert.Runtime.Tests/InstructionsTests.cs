using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Xunit;
using static CompiledBert.Instructions;

namespace CompiledBert.Runtime.Tests;

public sealed class InstructionsTests
{
    [Fact]
    public void Descriptions_name_what_there_is()
    {
        Assert.Equal("128-bit vectors", Describe(Features.None));
        Assert.Equal("AVX-512, AVX2, FMA, AVX-VNNI", Describe(Features.Avx512 | Features.Avx2 | Features.Fma | Features.AvxVnni));
        Assert.Equal("AdvSimd, dot product", Describe(Features.AdvSimd | Features.Dp));
    }

    [Fact]
    public void The_best_instructions_are_supported_here()
    {
        Assert.True(Best switch
        {
            InstructionSet.Avx512 => Avx512F.IsSupported,
            InstructionSet.Avx2 => Avx2.IsSupported && Fma.IsSupported && !Avx512F.IsSupported,
            InstructionSet.AdvSimd => AdvSimd.IsSupported,
            _ => !AdvSimd.IsSupported && !(Avx2.IsSupported && Fma.IsSupported),
        });
    }

    [Fact]
    public void A_model_says_what_it_is_and_runs_on()
    {
        using var model = TestModel.Load();
        Assert.Equal($"TestModel (test.onnx, {Description})", model.Info.ToString());
    }
}
