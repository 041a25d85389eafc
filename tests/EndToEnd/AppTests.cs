using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Xunit;

namespace CompiledBert.EndToEnd;

[Collection(Consumers.Name)]
public sealed class AppTests(PackedPackage package) : IDisposable
{
    private readonly Consumer _consumer = new(package);

    public void Dispose() => _consumer.Dispose();

    [Fact]
    public void An_app_has_the_class_in_an_optimised_assembly_of_its_own()
    {
        _consumer.WriteApp();
        var log = _consumer.Build();
        Assert.Single(log.Split('\n'), line => line.Contains("App.Tiny: ", StringComparison.Ordinal));
        Assert.Equal("class App.Tiny in App.Tiny", _consumer.Start("bin/Debug/net10.0/App.dll"));
        var generated = _consumer.PathOf("obj/Debug/net10.0/compiledbert/generated");
        Assert.Contains("Tiny.g.cs", Directory.EnumerateFiles(generated, "*.cs", SearchOption.AllDirectories).Select(Path.GetFileName));
        Assert.True(IsOptimised(_consumer.PathOf("bin/Debug/net10.0/App.Tiny.dll")));
        Assert.False(IsOptimised(_consumer.PathOf("bin/Debug/net10.0/App.dll")));
    }

    [Fact]
    public void A_build_for_targets_estimates_a_call_on_each()
    {
        _consumer.WriteApp("""Targets="pixel-6;cortex-a55" """);
        var log = _consumer.Build();
        Assert.Matches(@"App\.Tiny: .* ms on cortex-x1 at 2\.8 GHz \(an estimate\), .* ms on cortex-a55 at 1\.8 GHz \(an estimate\)", log);
    }

    [Fact]
    public void Weights_in_a_file_lie_beside_the_app_and_beside_what_is_published()
    {
        _consumer.WriteApp("""Weights="file" Namespace="Deep.Models" Name="Encoder" Access="internal" """, "Encoder");
        _consumer.Build("-c", "Release");
        Assert.Equal("class Deep.Models.Encoder in App.Encoder", _consumer.Start("bin/Release/net10.0/App.dll"));
        Assert.True(File.Exists(_consumer.PathOf("bin/Release/net10.0/Encoder.weights")));
        var log = _consumer.Succeed("publish", "-o", _consumer.PathOf("published"));
        Assert.DoesNotContain("Encoder: ", log, StringComparison.Ordinal);
        Assert.Equal("class Deep.Models.Encoder in App.Encoder", _consumer.Start("published/App.dll"));
        Assert.True(File.Exists(_consumer.PathOf("published/Encoder.weights")));
        var assembly = new FileInfo(_consumer.PathOf("published/App.Encoder.dll"));
        Assert.True(assembly.Length < new FileInfo(_consumer.PathOf("tiny.onnx")).Length * 4);
        Assert.Empty(EmbeddedResources(assembly.FullName));
    }

    [Fact]
    public void The_users_compiler_settings_do_not_touch_the_model()
    {
        _consumer.WriteApp(properties: """
            <TreatWarningsAsErrors>true</TreatWarningsAsErrors><AnalysisLevel>latest-all</AnalysisLevel><EnforceCodeStyleInBuild>true</EnforceCodeStyleInBuild>
            <CheckForOverflowUnderflow>true</CheckForOverflowUnderflow><GenerateDocumentationFile>true</GenerateDocumentationFile><LangVersion>10</LangVersion>
            <NoWarn>CA1303;CA1515;CS1591</NoWarn><RootNamespace>my-app</RootNamespace><UseSharedCompilation>false</UseSharedCompilation>
            """);
        _consumer.Write("Program.cs", "using var model = Tiny.Load();\nSystem.Console.WriteLine(model.GetType().FullName);\n");
        _consumer.Build();
        Assert.Equal("my_app.Tiny", _consumer.Start("bin/Debug/net10.0/App.dll"));
    }

    [Theory]
    [InlineData("App.vbproj", "Program.vb",
        "Module Program\nSub Main()\nUsing model = MyApp.Tiny.Load()\n"
            + "System.Console.WriteLine(model.GetType().FullName)\nEnd Using\nEnd Sub\nEnd Module\n", "")]
    [InlineData("App.fsproj", "Program.fs",
        "module Program\nlet model = MyApp.Tiny.Load()\nprintfn \"%s\" (model.GetType().FullName)\n", "<Compile Include=\"Program.fs\" />")]
    public void Other_languages_work(string project, string file, string code, string items)
    {
        _consumer.CopyModel("zoo/minilm-meanpool-l2-legacy-op14/model.onnx", "tiny.onnx");
        _consumer.WriteProject(project, $"""{_consumer.Reference}<BertModel Include="tiny.onnx" Namespace="MyApp" />{items}""");
        _consumer.Write(file, code);
        _consumer.Build();
        Assert.Equal("MyApp.Tiny", _consumer.Start("bin/Debug/net10.0/App.dll"));
    }

    private static bool IsOptimised(string path)
    {
        using var reader = new PEReader(File.OpenRead(path));
        var metadata = reader.GetMetadataReader();

        // DebuggableAttribute(DebuggingModes) is written for every assembly; bit 0x100 switches the JIT's optimiser off.
        return !metadata.GetAssemblyDefinition().GetCustomAttributes()
            .Select(metadata.GetCustomAttribute)
            .Where(a => metadata.GetMemberReference((MemberReferenceHandle)a.Constructor).Parent is { Kind: HandleKind.TypeReference } parent
                && metadata.GetString(metadata.GetTypeReference((TypeReferenceHandle)parent).Name) == "DebuggableAttribute")
            .Any(a => (BitConverter.ToInt32(metadata.GetBlobBytes(a.Value), 2) & 0x100) != 0);
    }

    private static IReadOnlyList<string> EmbeddedResources(string path)
    {
        using var reader = new PEReader(File.OpenRead(path));
        var metadata = reader.GetMetadataReader();
        return [.. metadata.ManifestResources.Select(r => metadata.GetString(metadata.GetManifestResource(r).Name))];
    }
}
