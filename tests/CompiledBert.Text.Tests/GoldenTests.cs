using System.Text.Json;
using CompiledBert.Compiler.Tokenizers;
using CompiledBert.Tests;
using Xunit;

namespace CompiledBert.Text.Tests;

/// <summary>Ids, types, ranges and special tokens are those of the Hugging Face tokenizers, on texts that are kind to nobody.</summary>
public class GoldenTests
{
    private static string? Folder => RepositoryFiles.SharedModels is { } models ? Path.Combine(Path.GetDirectoryName(models)!, "data", "tokenizers") : null;

    [SharedModelTheory]
    [InlineData("bert-cased-8k")]
    [InlineData("bert-uncased-8k")]
    [InlineData("bert-uncased-minilm")]
    [InlineData("gpt2-bpe-8k")]
    [InlineData("roberta-bpe-8k")]
    [InlineData("xlmr-sentencepiece-8k")]
    public void Every_case_is_tokenized_as_the_reference_does(string name)
    {
        var folder = Path.Combine(Folder!, name);
        var tokenizer = Tokenizers.Compile(JsonPart.Read(Path.Combine(folder, "tokenizer.json")));
        var failures = new List<string>();
        var cases = 0;
        foreach (var line in File.ReadLines(Path.Combine(folder, "cases.jsonl")))
        {
            cases++;
            if (GoldenCase.Parse(line).Difference(tokenizer) is { } difference)
            {
                failures.Add(difference);
            }
        }

        Assert.True(cases >= 400);
        Assert.True(failures.Count == 0, $"{failures.Count} of {cases}:\n" + string.Join("\n", failures.Take(10)));
    }
}
