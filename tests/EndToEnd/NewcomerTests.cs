using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Xunit;

namespace CompiledBert.EndToEnd;

/// <summary>
/// Somebody's first five minutes: a new console project outside the repository, and what the documents tell them to put into it, word for word.
/// </summary>
[Collection(Consumers.Name)]
public sealed partial class NewcomerTests(PackedPackage package) : IDisposable
{
    private const string Model = "real/all-MiniLM-L6-v2.onnx";

    private readonly Consumer _consumer = new(package);

    public void Dispose() => _consumer.Dispose();

    [SharedModelTheory(Model)]
    [InlineData("README.md")]
    [InlineData("docs/getting-started.md")]
    public void The_program_of_a_document_prints_the_neighbours_that_it_shows(string document)
    {
        var blocks = Blocks(File.ReadAllText(Path.Combine(PackedPackage.Repository, document)));
        _consumer.Succeed("new", "console", "-o", ".", "-n", "Neighbours");
        var commands = blocks.Where(b => b.Language == "bash").SelectMany(b => b.Text.Split('\n'));
        foreach (var line in commands.Where(l => l.StartsWith("dotnet add package ", StringComparison.Ordinal)))
        {
            var name = line.Split(' ')[^1];
            _consumer.Succeed("add", "package", name, "--version", VersionOf(name));
        }

        var project = XDocument.Load(_consumer.PathOf("Neighbours.csproj"));
        var items = XElement.Parse(blocks.First(b => b.Language == "xml" && b.Text.Contains("<BertModel ", StringComparison.Ordinal)).Text);
        foreach (var reference in items.Elements("PackageReference"))
        {
            reference.SetAttributeValue("Version", VersionOf((string)reference.Attribute("Include")!));
        }

        project.Root!.Add(items);
        project.Save(_consumer.PathOf("Neighbours.csproj"));
        CopyModel((string)items.Element("BertModel")!.Attribute("Include")!);

        var at = blocks.FindIndex(b => b.Language == "csharp" && b.Text.Contains("OrderByDescending", StringComparison.Ordinal));
        _consumer.Write("Program.cs", blocks[at].Text);
        _consumer.Build();
        AssertSame(Neighbours(blocks[at + 1].Text), Neighbours(_consumer.Start("bin/Debug/net10.0/Neighbours.dll")));
    }

    /// <summary>Texts in their order are the answer; the second digit of a number may be another one on another processor.</summary>
    private static void AssertSame(List<(double Nearness, string Text)> expected, List<(double Nearness, string Text)> actual)
    {
        Assert.True(expected.Count >= 3);
        Assert.Equal(expected.Select(n => n.Text), actual.Select(n => n.Text));
        Assert.All(expected.Zip(actual), pair => Assert.InRange(pair.Second.Nearness, pair.First.Nearness - 0.011, pair.First.Nearness + 0.011));
    }

    private static List<(double Nearness, string Text)> Neighbours(string output) =>
        [.. Neighbour().Matches(output).Select(m => (double.Parse(m.Groups[1].ValueSpan, CultureInfo.InvariantCulture), m.Groups[2].Value))];

    private static List<(string Language, string Text)> Blocks(string document) =>
        [.. Fence().Matches(document.ReplaceLineEndings("\n")).Select(m => (m.Groups[1].Value, m.Groups[2].Value))];

    private string VersionOf(string name) => name == "CompiledBert"
        ? package.Version
        : (string)XDocument.Load(Path.Combine(PackedPackage.Repository, "Directory.Packages.props"))
            .Descendants("PackageVersion")
            .First(p => (string?)p.Attribute("Include") == name)
            .Attribute("Version")!;

    private void CopyModel(string to)
    {
        var folder = Path.GetDirectoryName(_consumer.PathOf(to))!;
        Directory.CreateDirectory(Path.Combine(folder, "1_Pooling"));
        File.Copy(RepositoryFiles.Shared(Model)!, _consumer.PathOf(to));
        foreach (var file in new[]
        {
            "config.json", "tokenizer.json", "tokenizer_config.json", "modules.json", "sentence_bert_config.json", "1_Pooling/config.json",
        })
        {
            File.Copy(Path.Combine(Path.GetDirectoryName(RepositoryFiles.Shared(Model)!)!, "all-MiniLM-L6-v2-files", file), Path.Combine(folder, file));
        }
    }

    [GeneratedRegex("^```(\\w*)\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"^(-?\d\.\d\d)  (.+?)\r?$", RegexOptions.Multiline)]
    private static partial Regex Neighbour();
}
