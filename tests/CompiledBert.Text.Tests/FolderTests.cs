using CompiledBert.Compiler;
using CompiledBert.Compiler.Heads;
using CompiledBert.Compiler.Tokenizers;
using Xunit;

namespace CompiledBert.Text.Tests;

/// <summary>What lies beside a model in the wild, file by file.</summary>
public sealed class FolderTests : IDisposable
{
    private readonly TextFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static JsonPart Json(string text) => JsonPart.Parse("config.json", System.Text.Encoding.UTF8.GetBytes(text));

    private static CompileOptions Options(params string[] labels) => new() { ModelPath = "m.onnx", Labels = labels };

    [Theory]
    [InlineData("tokenizer_config.json", "BertTokenizerFast", true)]
    [InlineData("tokenizer_config.json", "DistilBertTokenizer", true)]
    [InlineData("tokenizer_config.json", "TokenizersBackend", true)]
    [InlineData("tokenizer_config.json", "BertJapaneseTokenizer", false)]
    [InlineData("config.json", "BertJapaneseTokenizer", false)]
    [InlineData("config.json", "ElectraTokenizer", true)]
    public void A_list_of_words_is_read_by_the_rules_of_the_class_that_wrote_it(string file, string kind, bool isKnown)
    {
        _folder.Write("vocab.txt", "[UNK]\n[CLS]\n[SEP]\na\n");
        _folder.Write(file, $$"""{"tokenizer_class":"{{kind}}"}""");
        var refused = Record.Exception(() => TokenizerFiles.Read(_folder.Open())) as CompileException;
        Assert.Equal(isKnown ? null : "CBERT0604", refused?.Diagnostic.Code);
        Assert.Equal(!isKnown, refused?.Diagnostic.Message.Contains(kind, StringComparison.Ordinal) ?? false);
    }

    /// <summary>Words and merges of a byte-level pair encoding, as RoBERTa and GPT-2 were published.</summary>
    private void WriteMerges()
    {
        _folder.Write("vocab.json", """{"<s>":0,"<pad>":1,"</s>":2,"<unk>":3,"a":4,"b":5,"\u0120":6,"ab":7,"\u0120ab":8,"<mask>":9,"<|endoftext|>":10}""");
        _folder.Write("merges.txt", "#version: 0.2\na b\n\u0120 ab\n");
    }

    private int[] Ids(string text)
    {
        var tokens = new TokenizedText();
        FolderTokenizer.Read(_folder.PathOf("model.onnx"))!.Encode(text, tokens);
        return tokens.Ids.ToArray();
    }

    [Theory]
    [InlineData("""{"tokenizer_class":"RobertaTokenizer"}""", new[] { 0, 7, 8, 9, 7, 2 })]
    [InlineData("""{"tokenizer_class":"RobertaTokenizerFast","add_prefix_space":true}""", new[] { 0, 8, 8, 9, 8, 2 })]
    [InlineData("""{"tokenizer_class":"GPT2Tokenizer"}""", new[] { 7, 8, 6 })]
    public void Merges_are_read_by_the_rules_of_the_class_that_wrote_them(string config, int[] expected)
    {
        WriteMerges();
        _folder.Write("tokenizer_config.json", config);
        Assert.Equal(expected, Ids("ab ab <mask>ab")[..expected.Length]);
    }

    [Fact]
    public void Merges_are_read_by_the_models_family_where_no_class_is_named()
    {
        WriteMerges();
        _folder.Write("config.json", """{"model_type":"roberta"}""");
        _folder.Write("special_tokens_map.json", """{"sep_token":{"content":"<pad>"}}""");
        Assert.Equal([0, 7, 1], Ids("ab"));
        _folder.Write("config.json", """{"model_type":"deberta"}""");
        var refused = Assert.Throws<CompileException>(() => TokenizerFiles.Read(_folder.Open())).Diagnostic;
        Assert.Equal("CBERT0604", refused.Code);
        Assert.Contains("deberta", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pointer_to_a_large_file_says_how_to_get_the_file()
    {
        _folder.Write("tokenizer.json", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 17082660\n");
        var refused = Assert.Throws<CompileException>(() => TokenizerFiles.Read(_folder.Open())).Diagnostic;
        Assert.Equal("CBERT0601", refused.Code);
        Assert.Contains("git lfs pull", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"id2label":{"1":"b","0":"a","2":"c"}}""", "a b c")]
    [InlineData("""{"id2label":{"0":"a","1":"b"}}""", null)]
    [InlineData("""{"id2label":{"0":"a","1":"b","2":"c","3":"d"}}""", null)]
    [InlineData("""{"id2label":{"x":"a"}}""", null)]
    [InlineData("""{"num_labels":3}""", "LABEL_0 LABEL_1 LABEL_2")]
    [InlineData("{}", null)]
    public void Labels_are_those_of_the_configuration(string config, string? expected)
    {
        var refused = Record.Exception(() => Assert.Equal(expected?.Split(' '), LabelNames.Read(Options(), Json(config), 3).Labels)) as CompileException;
        Assert.Equal(expected is null ? "CBERT0604" : null, refused?.Diagnostic.Code);
    }

    [Fact]
    public void Two_labels_without_a_name_have_the_usual_ones_and_metadata_win()
    {
        Assert.Equal(["LABEL_0", "LABEL_1"], LabelNames.Read(Options(), Json("{}"), 2).Labels);
        Assert.Equal(["bad", "good"], LabelNames.Read(Options("bad", "good"), Json("""{"id2label":{"0":"a","1":"b"}}"""), 2).Labels);
    }

    [Theory]
    [InlineData("{}", null, 512, 512)]
    [InlineData("""{"model_max_length":128}""", null, 512, 128)]
    [InlineData("""{"max_len":100}""", null, 512, 100)]
    [InlineData("""{"model_max_length":1000000000000000019884624838656}""", null, 384, 384)]
    [InlineData("""{"model_max_length":1e30}""", null, null, 512)]
    [InlineData("""{"model_max_length":4096}""", null, 512, 512)]
    [InlineData("""{"model_max_length":512}""", """{"model_type":"roberta","max_position_embeddings":130,"pad_token_id":1}""", 130, 128)]
    [InlineData("{}", """{"model_type":"xlm-roberta","max_position_embeddings":514}""", null, 512)]
    [InlineData("{}", """{"model_type":"bert","max_position_embeddings":100}""", 512, 512)]
    public void The_longest_text_is_what_the_files_say_and_the_table_holds(string tokenizer, string? config, int? table, int expected)
    {
        _folder.Write("tokenizer_config.json", tokenizer);
        Assert.Equal(expected, TextLength.Most(
            Options(), _folder.Open(), config is null ? null : Json(config), SentenceModules.ReadLengths(_folder.Open()), int.MaxValue, table).Most);
    }
}
