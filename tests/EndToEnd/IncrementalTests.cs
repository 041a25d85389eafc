using Xunit;

namespace CompiledBert.EndToEnd;

[Collection(Consumers.Name)]
public sealed class IncrementalTests(PackedPackage package) : IDisposable
{
    private const string Folder = "obj/Debug/net10.0/compiledbert";

    private readonly Consumer _consumer = new(package);

    public void Dispose() => _consumer.Dispose();

    [Fact]
    public void Only_what_changed_is_made_again()
    {
        _consumer.WriteApp();
        _consumer.Build();
        var made = _consumer.Times(Folder, "*");
        var results = _consumer.Results();
        Assert.Single(results);

        // Nothing to do.
        var log = _consumer.Build("-v", "n");
        Assert.DoesNotContain("App.Tiny: ", log, StringComparison.Ordinal);
        Assert.Equal(made, _consumer.Times(Folder, "*"));

        // An edit to C# rewrites neither the model nor its weights.
        File.AppendAllText(_consumer.PathOf("Program.cs"), "Console.WriteLine(\"edited\");\n");
        Assert.DoesNotContain("App.Tiny: ", _consumer.Build(), StringComparison.Ordinal);
        Assert.Equal(made, _consumer.Times(Folder, "*"));
        Assert.EndsWith("edited", _consumer.Start("bin/Debug/net10.0/App.dll"), StringComparison.Ordinal);

        // Another configuration finds the result.
        Assert.Contains("from the cache", _consumer.Build("-c", "Release"), StringComparison.Ordinal);
        Assert.Equal(results, _consumer.Results());

        // A model with another date but the same content is the same model; the assembly is not made again.
        File.SetLastWriteTimeUtc(_consumer.PathOf("tiny.onnx"), DateTime.UtcNow);
        Assert.Contains("from the cache", _consumer.Build(), StringComparison.Ordinal);
        Assert.Equal(made[Folder + "/App.Tiny.dll"], _consumer.Times(Folder, "*.dll")[Folder + "/App.Tiny.dll"]);
    }

    [Fact]
    public void Another_model_and_other_metadata_are_compiled_and_the_first_ones_found_again()
    {
        _consumer.WriteApp("Weights=\"file\"");
        _consumer.Build();
        var first = Assert.Single(_consumer.Results());
        var firstWeights = File.ReadAllBytes(_consumer.PathOf("bin/Debug/net10.0/Tiny.weights"));

        _consumer.CopyModel("bad/valid-base.onnx", "tiny.onnx");
        Assert.DoesNotContain("from the cache", _consumer.Build(), StringComparison.Ordinal);
        var second = Assert.Single(_consumer.Results(), r => r != first);
        var dependencies = File.ReadAllText(_consumer.PathOf(Folder + "/App.Tiny.dependencies"));
        Assert.Contains(second, dependencies, StringComparison.Ordinal);
        var secondAssembly = File.ReadAllBytes(_consumer.PathOf("bin/Debug/net10.0/App.Tiny.dll"));

        // Back to the first: its files are older than the assembly, and still it is made again.
        _consumer.CopyModel("zoo/minilm-meanpool-l2-legacy-op14/model.onnx", "tiny.onnx");
        Assert.Contains("from the cache", _consumer.Build(), StringComparison.Ordinal);
        Assert.NotEqual(secondAssembly, File.ReadAllBytes(_consumer.PathOf("bin/Debug/net10.0/App.Tiny.dll")));
        Assert.Equal(firstWeights, File.ReadAllBytes(_consumer.PathOf("bin/Debug/net10.0/Tiny.weights")));
        Assert.Equal("class App.Tiny in App.Tiny", _consumer.Start("bin/Debug/net10.0/App.dll"));
        Assert.Equal(2, _consumer.Results().Count);

        _consumer.WriteApp("Name=\"Small\" MaxTokens=\"64\"", "Small");
        Assert.Contains("App.Small: ", _consumer.Build(), StringComparison.Ordinal);
        Assert.Equal("class App.Small in App.Small", _consumer.Start("bin/Debug/net10.0/App.dll"));
        Assert.False(File.Exists(_consumer.PathOf(Folder + "/App.Tiny.dll")), "what the project no longer has is removed");
    }

    [Fact]
    public void Clean_leaves_nothing_and_a_build_after_it_works()
    {
        _consumer.WriteApp("Weights=\"file\"");
        _consumer.Build();
        _consumer.DesignTimeReferences();
        _consumer.Succeed("clean");
        Assert.False(Directory.Exists(_consumer.PathOf("obj/compiledbert")));
        Assert.Empty(Directory.Exists(_consumer.PathOf(Folder)) ? Directory.EnumerateFiles(_consumer.PathOf(Folder), "*", SearchOption.AllDirectories) : []);
        Assert.Empty(Directory.EnumerateFiles(_consumer.PathOf("bin"), "*", SearchOption.AllDirectories));
        _consumer.Build();
        Assert.Equal("class App.Tiny in App.Tiny", _consumer.Start("bin/Debug/net10.0/App.dll"));
        Assert.Contains("App.Tiny: ", _consumer.Succeed("build", "-t:Rebuild"), StringComparison.Ordinal);
    }

    [Fact]
    public void Target_frameworks_of_one_project_share_one_compilation()
    {
        _consumer.CopyModel("zoo/minilm-meanpool-l2-legacy-op14/model.onnx", "tiny.onnx");
        _consumer.WriteProject(
            "Lib.csproj", $"""{_consumer.Reference}<BertModel Include="tiny.onnx" />""",
            "<EnableWindowsTargeting>true</EnableWindowsTargeting>"
                + "<DisableTransitiveFrameworkReferenceDownloads>true</DisableTransitiveFrameworkReferenceDownloads>",
            "<TargetFrameworks>net10.0;net10.0-windows</TargetFrameworks>");
        _consumer.Write("Api.cs", "namespace Lib;\npublic static class Api { public static Tiny Load() => Tiny.Load(); }\n");
        var log = _consumer.Build("-m:2");
        var lines = log.Split('\n').Where(l => l.Contains("Lib.Tiny: ", StringComparison.Ordinal)).ToList();
        Assert.Equal(2, lines.Count);
        Assert.Single(lines, l => l.Contains("from the cache", StringComparison.Ordinal));
        Assert.Single(_consumer.Results());
        Assert.All(["net10.0", "net10.0-windows"], framework => Assert.True(File.Exists(_consumer.PathOf($"bin/Debug/{framework}/Lib.Tiny.dll"))));
        _consumer.Build("-t:Rebuild", "-m:2");
        _consumer.Succeed("clean");
        Assert.False(Directory.Exists(_consumer.PathOf("obj/compiledbert")));
    }
}
