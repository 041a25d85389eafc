using System.Runtime.Intrinsics.X86;
using Xunit;

namespace CompiledBert.EndToEnd;

/// <summary>An app built from the package gives the answers of the framework that the model comes from, whatever runs it.</summary>
[Collection(Consumers.Name)]
public sealed class AnswerTests(PackedPackage package) : IDisposable
{
    private const double Tolerance = 1e-5;

    private readonly Consumer _consumer = new(package);
    private readonly GoldenCase _golden = new(PackedPackage.Model("zoo/minilm-meanpool-l2-legacy-op14/test_data_set_2"));

    public void Dispose() => _consumer.Dispose();

    private void WriteApp(string properties = "")
    {
        _consumer.WriteApp(properties: properties);
        _consumer.Write("Program.cs", _golden.ProgramFor("Tiny"));
    }

    [Fact]
    public void Debug_and_release_builds_give_the_same_bits_with_every_instruction_set()
    {
        WriteApp();
        _consumer.Build();
        _consumer.Build("-c", "Release");
        var release = Check("bin/Release/net10.0/App.dll", $"avx512 {Avx512F.IsSupported} avx2 {Avx2.IsSupported}");
        Assert.Equal(release, Check("bin/Debug/net10.0/App.dll", ""));
        Check("bin/Debug/net10.0/App.dll", "avx512 False", ("DOTNET_EnableAVX512", "0"));
        Check("bin/Debug/net10.0/App.dll", "avx512 False avx2 False", ("DOTNET_EnableAVX2", "0"));
        Check("bin/Debug/net10.0/App.dll", "avx512 False avx2 False vector128 False", ("DOTNET_EnableHWIntrinsic", "0"));
    }

    [Fact]
    [Trait("Category", "NativeAot")]
    public void A_native_app_gives_them()
    {
        WriteApp(NativeAotTests.Properties);
        _consumer.Succeed("publish", "-r", NativeAotTests.ThisPlatform, "-o", _consumer.PathOf("published"));
        var run = DotNet.RunProgram(_consumer.Folder, _consumer.PathOf("published/App"));
        Assert.True(run.ExitCode == 0, run.Output);
        Assert.InRange(_golden.ErrorOf(run.Output), 0, Tolerance);
    }

    [ArmFact]
    [Trait("Category", "NativeAot")]
    public void A_native_app_for_Arm_gives_them()
    {
        WriteApp(NativeAotTests.Properties);
        _consumer.Succeed("publish", [.. ArmProgram.PublishArguments, "-o", _consumer.PathOf("published")]);
        var answers = ArmProgram.Processors.Select(processor => ArmProgram.Run(_consumer.Folder, processor, _consumer.PathOf("published/App"))).ToList();
        foreach (var run in answers)
        {
            Assert.True(run.ExitCode == 0, run.Output);
            Assert.StartsWith("avx512 False avx2 False vector128 True", run.Output, StringComparison.Ordinal);
            Assert.InRange(_golden.ErrorOf(run.Output), 0, Tolerance);
            Assert.Equal(answers[0].Output, run.Output);
        }
    }

    /// <summary>With the dot product and without: sums of integers are exact, so the answers are the same to the last bit.</summary>
    [ArmFact]
    [Trait("Category", "NativeAot")]
    public void A_native_app_for_Arm_gives_the_same_integers_with_and_without_the_dot_product()
    {
        _consumer.WriteApp("""Precision="int8" """, properties: NativeAotTests.Properties);
        _consumer.Write("Program.cs", _golden.ProgramFor("Tiny"));
        _consumer.Succeed("publish", [.. ArmProgram.PublishArguments, "-o", _consumer.PathOf("published")]);
        var answers = ArmProgram.Processors.Select(processor => ArmProgram.Run(_consumer.Folder, processor, _consumer.PathOf("published/App"))).ToList();
        Assert.All(answers, run => Assert.True(run.ExitCode == 0, run.Output));
        Assert.All(answers, run => Assert.Equal(answers[0].Output, run.Output));
        Assert.InRange(_golden.ErrorOf(answers[0].Output), 0, 0.2);
    }

    private string Check(string assembly, string instructions, params (string Name, string Value)[] environment)
    {
        var printed = _consumer.Start(assembly, environment);
        Assert.StartsWith(instructions, printed, StringComparison.Ordinal);
        Assert.InRange(_golden.ErrorOf(printed), 0, Tolerance);
        return printed;
    }
}
