using Xunit;

namespace CompiledBert.EndToEnd;

/// <summary>Every sample builds against the package as it is now, from a copy outside the repository.</summary>
[Collection(Consumers.Name)]
public sealed class SampleTests(PackedPackage package) : IDisposable
{
    private readonly Consumer _consumer = new(package);

    public void Dispose() => _consumer.Dispose();

    private string Build(string project, params string[] properties)
    {
        var samples = Path.Combine(PackedPackage.Repository, "samples");
        foreach (var file in Directory.EnumerateFiles(samples, "*", SearchOption.AllDirectories))
        {
            var relative = Path.GetRelativePath(samples, file);
            if (relative != "nuget.config" && !relative.Split('/', '\\').Any(part => part is "bin" or "obj"))
            {
                Directory.CreateDirectory(Path.GetDirectoryName(_consumer.PathOf(relative))!);
                File.Copy(file, _consumer.PathOf(relative));
            }
        }

        return _consumer.Succeed("build", [project, "-p:CompiledBertVersion=" + package.Version, "-p:RestorePackagesPath=", .. properties]);
    }

    private static string Shared(string path) => Path.Combine(RepositoryFiles.SharedModels!, path);

    private static string[] EmbeddingModel =>
        ["-p:EmbeddingModel=" + Shared("real/all-MiniLM-L6-v2.onnx"), "-p:EmbeddingFiles=" + Shared("real/all-MiniLM-L6-v2-files")];

    [Fact]
    public void MovieMood_and_ArmDevice_build()
    {
        Build("MovieMood");
        Assert.DoesNotContain(
            "warning",
            _consumer.Succeed("build", "ArmDevice", "-p:CompiledBertVersion=" + package.Version, "-p:RestorePackagesPath="), StringComparison.Ordinal);
        Assert.Contains("positive", _consumer.Start("MovieMood/bin/Debug/net10.0/MovieMood.dll"), StringComparison.Ordinal);
    }

    [Fact]
    public void MoodAsYouType_builds() => Assert.DoesNotContain("warning", Build("MoodAsYouType"), StringComparison.Ordinal);

    [Fact]
    public void A_sample_without_its_model_says_which_property_names_it()
    {
        Build("MovieMood");
        Assert.Contains(
            "-p:NerModel=",
            _consumer.Fail("build", "EntityHighlighting", "-p:CompiledBertVersion=" + package.Version, "-p:RestorePackagesPath="), StringComparison.Ordinal);
    }

    [SharedModelFact("demo/ner/ner.onnx")]
    public void EntityHighlighting_builds() =>
        Assert.DoesNotContain("warning", Build("EntityHighlighting", "-p:NerModel=" + Shared("demo/ner/ner.onnx")), StringComparison.Ordinal);

    [SharedModelFact("real/all-MiniLM-L6-v2.onnx")]
    public void SemanticSearch_finds_the_paragraph_and_keeps_its_index()
    {
        Build("SemanticSearch", EmbeddingModel);
        _consumer.Write("texts/a.txt", "The kettle is boiling.\n\nA cheetah runs after its prey.\n\nInterest rates rose again.");
        var first = Search();
        Assert.Contains("Indexing 3 paragraphs", first, StringComparison.Ordinal);
        Assert.Contains("a.txt:3", first.Split('\n')[2], StringComparison.Ordinal);
        Assert.DoesNotContain("ndexing", Search(), StringComparison.Ordinal);

        string Search() => DotNet.RunProgram(
            _consumer.Folder, "dotnet",
            [_consumer.PathOf("SemanticSearch/bin/Debug/net10.0/semantic-search.dll"), _consumer.PathOf("texts"), "a big cat hunting"], []).Output;
    }

    [SharedModelFact("real/all-MiniLM-L6-v2.onnx")]
    public void Notes_are_found_by_meaning_and_embedded_anew_for_another_model()
    {
        Assert.DoesNotContain("warning", Build("Notes", EmbeddingModel), StringComparison.Ordinal);
        Run("add", "The kettle is boiling.", "A cheetah runs after its prey.", "Interest rates rose again.");
        Assert.EndsWith("A cheetah runs after its prey.", Run("find", "a big cat hunting").Split('\n')[0].TrimEnd(), StringComparison.Ordinal);

        var file = File.ReadAllText(_consumer.PathOf("notes.json"));
        _consumer.Write("notes.json", file.Replace("\"fingerprint\":\"", "\"fingerprint\":\"other", StringComparison.Ordinal));
        var again = Run("find", "a big cat hunting");
        Assert.StartsWith("The model changed: 3 notes", again, StringComparison.Ordinal);
        Assert.Contains("A cheetah", again.Split('\n')[1], StringComparison.Ordinal);
        Assert.Equal(file, File.ReadAllText(_consumer.PathOf("notes.json")));

        string Run(params string[] arguments)
        {
            var result = DotNet.RunProgram(
                _consumer.Folder, "dotnet", [_consumer.PathOf("Notes/bin/Debug/net10.0/notes.dll"), _consumer.PathOf("notes.json"), .. arguments], []);
            Assert.True(result.ExitCode == 0, result.Output);
            return result.Output;
        }
    }

    [SharedModelFact("real/all-MiniLM-L6-v2.onnx")]
    public void EmbeddingService_and_its_load_build()
    {
        Assert.DoesNotContain("warning", Build("EmbeddingService", EmbeddingModel), StringComparison.Ordinal);
        Assert.DoesNotContain(
            "warning",
            _consumer.Succeed("build", ["EmbeddingService/Load", "-p:CompiledBertVersion=" + package.Version, "-p:RestorePackagesPath=", .. EmbeddingModel]),
            StringComparison.Ordinal);
    }
}
