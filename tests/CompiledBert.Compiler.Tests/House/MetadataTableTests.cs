using System.Text.RegularExpressions;
using CompiledBert.Tests;
using Xunit;

namespace CompiledBert.Compiler.Tests.House;

/// <summary>The metadata of an item are documented, all of them, in both READMEs.</summary>
public sealed partial class MetadataTableTests
{
    [Theory]
    [InlineData("README.md", "## Metadata of `BertModel`")]
    [InlineData("build/package/README.md", "Metadata of `BertModel`:")]
    public void A_readme_lists_every_name_and_no_other(string file, string heading)
    {
        var rows = File.ReadLines(Path.Combine(RepositoryFiles.Root, file)).SkipWhile(line => !line.EndsWith(heading, StringComparison.Ordinal))
            .SkipWhile(line => !line.StartsWith("|---", StringComparison.Ordinal)).Skip(1).TakeWhile(line => line.StartsWith('|'));
        var names = rows.SelectMany(row => Name().Matches(row.Split('|')[1]).Select(match => match.Groups[1].Value));
        Assert.Equal(ItemMetadata.All.Select(entry => entry.Name).Order(StringComparer.Ordinal), names.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("Precison", "Precision")]
    [InlineData("Perfix", "Prefix")]
    [InlineData("tokeniser", "Tokenizer")]
    [InlineData("LatencyBudjet", "LatencyBudget")]
    [InlineData("Haed", "Head")]
    [InlineData("Label", "Labels")]
    [InlineData("Link", null)]
    [InlineData("Version", null)]
    [InlineData("Visible", null)]
    [InlineData("CopyToOutputDirectory", null)]
    public void A_name_that_is_nearly_known_is_recognised(string name, string? meant) => Assert.Equal(meant, ItemMetadata.Near(name));

    [GeneratedRegex("`([A-Za-z]+)`")]
    private static partial Regex Name();
}
