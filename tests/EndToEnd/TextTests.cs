using System.Xml.Linq;
using Xunit;

namespace CompiledBert.EndToEnd;

/// <summary>Texts in, answers out, in an app outside the repository.</summary>
[Collection(Consumers.Name)]
public sealed class TextTests(PackedPackage package) : IDisposable
{
    private readonly Consumer _consumer = new(package);

    public void Dispose() => _consumer.Dispose();

    private void CopySample()
    {
        foreach (var file in Directory.EnumerateFiles(Path.Combine(PackedPackage.Repository, "samples", "MovieMood", "model")))
        {
            Directory.CreateDirectory(_consumer.PathOf("model"));
            File.Copy(file, _consumer.PathOf("model/" + Path.GetFileName(file)), overwrite: true);
        }
    }

    private void WriteApp(string metadata, string program)
    {
        CopySample();
        _consumer.WriteProject("App.csproj", $"""{_consumer.Reference}<BertModel Include="model/sentiment.onnx" {metadata} />""");
        _consumer.Write("Program.cs", program);
    }

    [Fact]
    public void The_folder_of_a_model_makes_it_classify_texts()
    {
        WriteApp("", """
            using var mood = Sentiment.Load();
            Classification first = mood.Classify("a gorgeous, witty, seductive movie");
            Console.WriteLine(first.Label);
            Console.WriteLine(mood.Classify("the plot is a bore").Label);
            Console.WriteLine(string.Join(' ', Sentiment.Labels));
            """);
        var log = _consumer.Build();
        Assert.Contains("texts: classify", log, StringComparison.Ordinal);
        Assert.Equal("positive\nnegative\nnegative positive", _consumer.Start("bin/Debug/net10.0/App.dll").ReplaceLineEndings("\n"));
    }

    [Fact]
    public void Names_of_the_app_that_are_also_ours_are_its_own_where_it_says_so()
    {
        WriteApp("", """
            using App.Things;

            using var mood = Sentiment.Load();
            Console.WriteLine($"{new Entity()} {mood.Classify("a gorgeous, witty, seductive movie").Label}");

            namespace App.Things
            {
                internal sealed record Entity;
            }
            """);
        Assert.Contains("CS0104", _consumer.Fail("build"), StringComparison.Ordinal);
        _consumer.Write(
            "Directory.Build.props", "<Project><PropertyGroup><CompiledBertImplicitUsings>false</CompiledBertImplicitUsings></PropertyGroup></Project>");
        _consumer.Write("Program.cs", "using App;\n" + File.ReadAllText(_consumer.PathOf("Program.cs")));
        _consumer.Build();
        Assert.Equal("Entity { } positive", _consumer.Start("bin/Debug/net10.0/App.dll"));
    }

    [Fact]
    public void Metadata_override_what_the_files_say_and_what_they_need_is_known()
    {
        WriteApp("""Labels="bad;good" MaxTokens="8" """, """
            using var mood = Sentiment.Load();
            var answer = mood.Classify("a gorgeous, witty, seductive movie and so on");
            Console.WriteLine($"{answer.Label} {mood.MaxTextTokens} {answer.IsTruncated}");
            """);
        _consumer.Build();
        Assert.Equal("good 8 True", _consumer.Start("bin/Debug/net10.0/App.dll"));

        // Another tokenizer is another model, though the network is the same.
        File.Delete(_consumer.PathOf("model/tokenizer.json"));
        var log = _consumer.Build();
        Assert.DoesNotContain("from the cache", log, StringComparison.Ordinal);
        Assert.Equal("good 8 True", _consumer.Start("bin/Debug/net10.0/App.dll"));
    }

    [Fact]
    public void What_does_not_fit_the_model_is_refused_and_raw_compiles_it_all_the_same()
    {
        WriteApp("""Head="tag" """, """Console.WriteLine(typeof(Sentiment).GetMethod("Classify") is null);""");
        Assert.Contains("CBERT0604", _consumer.Fail("build"), StringComparison.Ordinal);
        WriteApp("""MaxTokens="2" """, "");
        Assert.Contains("2 are special", _consumer.Fail("build"), StringComparison.Ordinal);
        WriteApp("""Head="raw" """, """Console.WriteLine(typeof(Sentiment).GetMethod("Classify") is null);""");
        _consumer.Build();
        Assert.Equal("True", _consumer.Start("bin/Debug/net10.0/App.dll"));
    }

    /// <summary>A small model that gives one vector for a text, with the words that it knows.</summary>
    private void CopyEmbedding(string model = "zoo/minilm-meanpool-l2-legacy-op14")
    {
        _consumer.CopyModel($"{model}/model.onnx", "tiny/tiny.onnx");
        _consumer.Write("tiny/vocab.txt", "[UNK]\n[CLS]\n[SEP]\na\nb\n");
    }

    [Fact]
    public void Files_that_come_later_make_another_class()
    {
        CopyEmbedding("zoo/bert-legacy-op14-eager");
        _consumer.WriteProject("App.csproj", $"""{_consumer.Reference}<BertModel Include="tiny/tiny.onnx" />""");
        _consumer.Write("Program.cs", """Console.WriteLine(typeof(Tiny).GetMethods().Count(m => m.Name == "Embed") > 0);""");
        Assert.Contains("no texts", _consumer.Build(), StringComparison.Ordinal);
        Assert.Equal("False", _consumer.Start("bin/Debug/net10.0/App.dll"));

        _consumer.Write("tiny/1_Pooling/config.json", """{"pooling_mode_mean_tokens":true}""");
        Assert.Contains("texts: embed", _consumer.Build(), StringComparison.Ordinal);
        Assert.Equal("True", _consumer.Start("bin/Debug/net10.0/App.dll"));
    }

    [Fact]
    public void Prompts_by_metadata_give_methods_of_their_own()
    {
        CopyEmbedding();
        _consumer.WriteProject(
            "App.csproj", $"""{_consumer.Reference}<BertModel Include="tiny/tiny.onnx" Head="embed" QueryPrefix="a " PassagePrefix="b " />""");
        _consumer.Write("Program.cs", """
            using var tiny = Tiny.Load();
            Console.WriteLine(tiny.EmbedQuery("b").SequenceEqual(tiny.Embed("a b")) && tiny.EmbedPassage("b").SequenceEqual(tiny.Embed("b b")));
            """);
        _consumer.Build();
        Assert.Equal("True", _consumer.Start("bin/Debug/net10.0/App.dll"));
    }

    [Fact]
    public void With_the_adapters_a_model_among_the_services_is_an_embedding_generator()
    {
        CopyEmbedding();
        _consumer.WriteProject("App.csproj", $"""
            {_consumer.Reference}{_consumer.Adapters}{Injection}<BertModel Include="tiny/tiny.onnx" Head="embed" />
            """);
        _consumer.Write("Program.cs", """
            using Microsoft.Extensions.AI;
            using Microsoft.Extensions.DependencyInjection;

            using var services = new ServiceCollection().AddTiny().BuildServiceProvider();
            var tiny = services.GetRequiredService<Tiny>();
            var service = await services.GetRequiredService<IEmbeddingGenerator<string, Embedding<float>>>().GenerateVectorAsync("a");
            var adapter = await tiny.AsEmbeddingGenerator().GenerateVectorAsync("a");
            Console.WriteLine(service.Span.SequenceEqual(tiny.Embed("a")) && adapter.Span.SequenceEqual(service.Span));
            """);
        _consumer.Build();
        Assert.Equal("True", _consumer.Start("bin/Debug/net10.0/App.dll"));
    }

    private static string Injection => $"""
        <PackageReference Include="Microsoft.Extensions.DependencyInjection" Version="{XDocument.Load(Path.Combine(PackedPackage.Repository, "Directory.Packages.props")).Descendants("PackageVersion")
            .First(p => (string?)p.Attribute("Include") == "Microsoft.Extensions.DependencyInjection").Attribute("Version")!.Value}" />
        """;

    [Fact]
    public void A_project_with_dependency_injection_adds_the_model_to_its_services()
    {
        CopySample();
        _consumer.WriteProject("App.csproj", $"""{_consumer.Reference}{Injection}<BertModel Include="model/sentiment.onnx" />""");
        _consumer.Write("Program.cs", """
            using Microsoft.Extensions.DependencyInjection;

            using var services = new ServiceCollection().AddSentiment().BuildServiceProvider();
            Console.WriteLine(services.GetRequiredService<Sentiment>().Classify("a gorgeous, witty, seductive movie").Label);
            """);
        _consumer.Build();
        Assert.Equal("positive", _consumer.Start("bin/Debug/net10.0/App.dll"));
    }
}
