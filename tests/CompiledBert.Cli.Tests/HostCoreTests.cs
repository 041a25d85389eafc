using CompiledBert.Cli.Benchmarks;

namespace CompiledBert.Cli.Tests;

public sealed class HostCoreTests
{
    [Theory]
    [InlineData("AuthenticAMD", 0x00a10f11, InstructionSet.Avx512, "zen4", true)]
    [InlineData("AuthenticAMD", 0x00a20f10, InstructionSet.Avx2, "zen3", true)]
    [InlineData("AuthenticAMD", 0x00b00f21, InstructionSet.Avx512, "zen5", true)]
    [InlineData("GenuineIntel", 0x000606a6, InstructionSet.Avx512, "ice-lake", true)]
    [InlineData("GenuineIntel", 0x000806f8, InstructionSet.Avx512, "sapphire-rapids", true)]
    [InlineData("GenuineIntel", 0x000906ea, InstructionSet.Avx2, "zen3", false)]
    [InlineData("GenuineIntel", 0x00050657, InstructionSet.Avx512, "ice-lake", false)]
    [InlineData("AuthenticAMD", 0x00a10f11, InstructionSet.Avx2, "zen3", false)]
    public void A_processor_of_x64_is_known_by_its_signature_or_taken_for_one_with_its_instructions(
        string vendor, int signature, InstructionSet instructions, string core, bool isKnown)
    {
        int Word(int at) => BitConverter.ToInt32(System.Text.Encoding.ASCII.GetBytes(vendor), at);
        var host = HostCore.OfX86((0, Word(0), Word(8), Word(4)), signature, instructions);
        Assert.Equal((core, isKnown), (host.Core.Name, host.IsKnown));
        Assert.Equal(!isKnown, host.Description.Contains("not a core that is known", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("processor\t: 0\nCPU part\t: 0xd05\nprocessor\t: 1\nCPU part\t: 0xd0b\n", "cortex-a76", true)]
    [InlineData("CPU part\t: 0xd08\n", "cortex-a72", true)]
    [InlineData("CPU part\t: 0xfff\n", "cortex-a76", false)]
    [InlineData("", "cortex-a76", false)]
    public void A_processor_of_Arm_is_known_by_its_parts(string cpuInfo, string core, bool isKnown)
    {
        var host = HostCore.OfArm(cpuInfo, isApple: false, hasDotProduct: true);
        Assert.Equal((core, isKnown), (host.Core.Name, host.IsKnown));
    }
}
