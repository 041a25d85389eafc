using CompiledBert.Compiler.Heads;
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
        AssertCases(folder, Tokenizers.Compile(JsonPart.Read(Path.Combine(folder, "tokenizer.json"))));
    }

    [SharedModelFact]
    public void A_sentencepiece_model_is_as_good_as_the_file_made_of_it()
    {
        using var model = new TextFolder();
        File.Copy(Path.Combine(Folder!, "xlmr-sentencepiece-8k", "sentencepiece.bpe.model"), model.PathOf("sentencepiece.bpe.model"));
        model.Write("tokenizer_config.json", """{"tokenizer_class":"XLMRobertaTokenizer"}""");
        AssertCases(Path.Combine(Folder!, "xlmr-sentencepiece-8k"), Tokenizers.Compile(TokenizerFiles.Read(model.Open())!.Value));
    }

    [SharedModelTheory]
    [InlineData("bert-cased-8k", false)]
    [InlineData("bert-uncased-8k", true)]
    [InlineData("bert-uncased-minilm", true)]
    public void A_list_of_words_is_as_good_as_the_file_made_of_it(string name, bool lowercase)
    {
        using var model = new TextFolder();
        var folder = Path.Combine(Folder!, name);
        var tokens = JsonPart.Read(Path.Combine(folder, "tokenizer.json"))["model"]["vocab"].Members().OrderBy(m => m.Value.Number()).Select(m => m.Name);
        model.Write("vocab.txt", string.Join('\n', tokens) + "\n");
        model.Write("tokenizer_config.json", lowercase ? """{"do_lower_case":true}""" : """{"do_lower_case":false}""");
        AssertCases(folder, Tokenizers.Compile(TokenizerFiles.Read(model.Open())!.Value));
    }

    private static void AssertCases(string folder, Tokenizer tokenizer)
    {
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
