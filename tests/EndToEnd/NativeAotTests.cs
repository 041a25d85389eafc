using System.Runtime.InteropServices;
using Xunit;

namespace CompiledBert.EndToEnd;

/// <summary>Slow: each test is a native compilation.</summary>
[Collection(Consumers.Name)]
[Trait("Category", "NativeAot")]
public sealed class NativeAotTests(PackedPackage package) : IDisposable
{
    public const string Properties = "<PublishAot>true</PublishAot><InvariantGlobalization>true</InvariantGlobalization>";

    public static string ThisPlatform =>
        (OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux")
            + (RuntimeInformation.ProcessArchitecture == Architecture.X64 ? "-x64" : "-arm64");

    private readonly Consumer _consumer = new(package);

    public void Dispose() => _consumer.Dispose();

    [Fact]
    public void A_native_app_is_one_file_that_uses_the_wide_vectors()
    {
        _consumer.WriteApp(properties: Properties);
        File.AppendAllText(_consumer.PathOf("Program.cs"), """Console.WriteLine($"avx2 {System.Runtime.Intrinsics.X86.Avx2.IsSupported}");""");
        var x64 = RuntimeInformation.ProcessArchitecture == Architecture.X64;
        var log = _consumer.Succeed("publish", "-r", ThisPlatform, "-o", _consumer.PathOf("published"));
        Assert.DoesNotContain("warning", log, StringComparison.Ordinal);
        Assert.Equal(["App"], Directory.EnumerateFiles(_consumer.PathOf("published")).Select(Path.GetFileNameWithoutExtension).Distinct());
        Assert.DoesNotContain(Directory.EnumerateFiles(_consumer.PathOf("published")), f => Path.GetExtension(f) is ".dll" or ".xml" or ".weights");
        var run = DotNet.RunProgram(_consumer.Folder, _consumer.PathOf("published/App"));
        Assert.True(run.ExitCode == 0, run.Output);
        Assert.Contains("class App.Tiny in App.Tiny", run.Output, StringComparison.Ordinal);
        Assert.Contains($"avx2 {x64}", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_choice_of_instructions_that_is_slow_is_kept_and_mentioned()
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            return;
        }

        _consumer.WriteApp(properties: Properties + "<IlcInstructionSet>x86-64-v2</IlcInstructionSet>");
        Assert.Contains(
            "IlcInstructionSet=x86-64-v2 leaves out AVX2",
            _consumer.Succeed("publish", "--use-current-runtime", "-o", _consumer.PathOf("published")), StringComparison.Ordinal);
        Assert.Contains("class App.Tiny", DotNet.RunProgram(_consumer.Folder, _consumer.PathOf("published/App")).Output, StringComparison.Ordinal);
    }
}
