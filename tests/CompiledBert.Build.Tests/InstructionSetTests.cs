using CompiledBert.Tests;
using Xunit;

namespace CompiledBert.Build.Tests;

/// <summary>
/// What a native publish is told about instruction sets, and what it says of a choice that would silently be slow: the
/// package's targets alone, without a compilation.
/// </summary>
public sealed class InstructionSetTests : IDisposable
{
    private const string LeavesOutDots = "OptimizationPreference=Size leaves out the dot product";
    private const string LeavesOutAvx2 = "leaves out AVX2 and FMA";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("linux-arm64", "Size", "", LeavesOutDots)]
    [InlineData("android-arm64", "Size", "", LeavesOutDots)]
    [InlineData("linux-arm64", "Size", "armv8.2-a", LeavesOutDots)]
    [InlineData("linux-arm64", "Size", "armv8.2-a,lse", LeavesOutDots)]
    [InlineData("linux-arm64", "Size", "armv8.2-a,dotprod", null)]
    [InlineData("linux-arm64", "Size", "armv8.4-a", null)]
    [InlineData("osx-arm64", "Size", "", null)]
    [InlineData("linux-arm64", "Speed", "armv8.2-a", null)]
    [InlineData("linux-arm64", "", "", null)]
    [InlineData("linux-x64", "Size", "", null)]
    [InlineData("linux-x64", "", "x86-64-v2", LeavesOutAvx2)]
    [InlineData("linux-x64", "", "x86-64-v2,avx2", null)]
    [InlineData("linux-x64", "", "x86-64-v4", null)]
    public void A_choice_that_leaves_fast_instructions_out_is_mentioned_with_what_to_do(
        string runtime, string preference, string instructions, string? mentioned)
    {
        var said = Said(runtime, preference, instructions, "step linear\n  integer\n  rows 1\n");
        Assert.Equal(mentioned is null ? 0 : 1, said.Split("CompiledBert: ").Length - 1);
        Assert.Contains(mentioned ?? "", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("step linear\n  rows 1\n  k 384\n", false)]
    [InlineData("step linear \"integer\"\n  rows 1\n", false)]
    [InlineData("step linear\n  integer shift w3\n  rows 1\n", true)]
    [InlineData("step linear\r\n  integer\r\n  rows 1\r\n", true)]
    public void The_dot_product_is_missed_by_models_of_integers_alone(string plan, bool isMissed) =>
        Assert.Equal(isMissed, Said("linux-arm64", "Size", "", plan).Contains(LeavesOutDots, StringComparison.Ordinal));

    [Fact]
    public void X64_is_told_to_use_avx2_unless_the_project_says_otherwise()
    {
        Assert.Contains("set: x86-64-v3.", Said("linux-x64", "", "", ""), StringComparison.Ordinal);
        Assert.Contains("set: x86-64-v2.", Said("linux-x64", "", "x86-64-v2", ""), StringComparison.Ordinal);
        Assert.Contains("set: .", Said("linux-arm64", "", "", ""), StringComparison.Ordinal);
    }

    private string Said(string runtime, string preference, string instructions, string plan)
    {
        var package = Path.Combine(RepositoryFiles.Root, "build", "package");
        var project = _folder.Write("App.proj", $"""
            <Project>
              <Import Project="{package}/CompiledBert.props" />
              <PropertyGroup>
                <RuntimeIdentifier>{runtime}</RuntimeIdentifier>
                <OptimizationPreference>{preference}</OptimizationPreference>
                <IlcInstructionSet>{instructions}</IlcInstructionSet>
              </PropertyGroup>
              <ItemGroup>
                <_CompiledBertModel Include="model.onnx" Plan="{_folder.Write("model.plan", plan)}" />
              </ItemGroup>
              <Import Project="{package}/CompiledBert.targets" />
              <Target Name="IlcCompile">
                <Message Importance="high" Text="set: $(IlcInstructionSet)." />
              </Target>
            </Project>
            """);
        var result = DotNet.Run(_folder.Path, "msbuild", project, "-t:IlcCompile", "-nologo");
        Assert.True(result.ExitCode == 0, result.Output);
        return result.Output;
    }
}
