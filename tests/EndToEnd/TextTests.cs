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
        _consumer.Write("Directory.Build.props", "<Project><PropertyGroup><CompiledBertImplicitUsings>false</CompiledBertImplicitUsings></PropertyGroup></Project>");
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
        WriteApp("""Head="raw" """, """Console.WriteLine(typeof(Sentiment).GetMethod("Classify") is null);""");
        _consumer.Build();
        Assert.Equal("True", _consumer.Start("bin/Debug/net10.0/App.dll"));
    }

    [Fact]
    public void A_project_with_dependency_injection_adds_the_model_to_its_services()
    {
        CopySample();
        var version = XDocument.Load(Path.Combine(PackedPackage.Repository, "Directory.Packages.props")).Descendants("PackageVersion")
            .First(p => (string?)p.Attribute("Include") == "Microsoft.Extensions.DependencyInjection").Attribute("Version")!.Value;
        _consumer.WriteProject("App.csproj", $"""
            {_consumer.Reference}<PackageReference Include="Microsoft.Extensions.DependencyInjection" Version="{version}" /><BertModel Include="model/sentiment.onnx" />
            """);
        _consumer.Write("Program.cs", """
            using Microsoft.Extensions.DependencyInjection;

            using var services = new ServiceCollection().AddSentiment().BuildServiceProvider();
            Console.WriteLine(services.GetRequiredService<Sentiment>().Classify("a gorgeous, witty, seductive movie").Label);
            """);
        _consumer.Build();
        Assert.Equal("positive", _consumer.Start("bin/Debug/net10.0/App.dll"));
    }
}
