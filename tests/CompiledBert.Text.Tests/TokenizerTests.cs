using CompiledBert.Compiler;
using Xunit;

namespace CompiledBert.Text.Tests;

/// <summary>What tokenizers do with odd input and odd files.</summary>
public class TokenizerTests
{
    private const string Words = """
        {"version":"1.0","added_tokens":[{"id":0,"content":"[UNK]","special":true,"normalized":false},{"id":1,"content":"[CLS]","special":true,"normalized":false}],
         "normalizer":{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true},
         "pre_tokenizer":PRE,
         "post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],
           "pair":[{"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"B","type_id":1}}],
           "special_tokens":{"[CLS]":{"id":"[CLS]","ids":[1],"tokens":["[CLS]"]}}},
         "model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":100,
           "vocab":{"[UNK]":0,"[CLS]":1,"a":2,"##b":3,"cd":4,"e":5,".":6}}}
        """;

    private static Tokenizer Sample(string preTokenizer = "{\"type\":\"BertPreTokenizer\"}") =>
        Tokenizers.Compile(Words.Replace("PRE", preTokenizer, StringComparison.Ordinal));

    private static int[] Ids(Tokenizer tokenizer, string text, int maxTokens = int.MaxValue)
    {
        var result = new TokenizedText();
        tokenizer.Encode(text, result, maxTokens);
        return result.Ids.ToArray();
    }

    [Fact]
    public void Words_are_cut_from_the_longest_token_on()
    {
        Assert.Equal([1, 2, 3, 4, 6, 0], Ids(Sample(), "Ab CD. xyz"));
        Assert.Equal([1, 5], Ids(Sample(), "\u00c9"));
    }

    [Fact]
    public void A_surrogate_without_its_other_half_is_a_replacement_character()
    {
        Assert.Equal([1, 2, 3], Ids(Sample(), "a\ud83db"));
        Assert.Equal([1, 2, 3], Ids(Sample(), "a\udc00b\ud83d"));
    }

    [Fact]
    public void Nothing_has_the_special_tokens_only() => Assert.Equal([1], Ids(Sample(), ""));

    [Fact]
    public void Ranges_are_in_the_original_text()
    {
        var result = new TokenizedText();
        Sample().Encode("\u0001 \ud83d\ude00 a\u0301b", result);
        Assert.Equal([default, new(2, 4), new(5, 6), new(7, 8)], result.Ranges.ToArray());
        Assert.Equal(["\ud83d\ude00", "a", "b"], result.Ranges[1..].ToArray().Select(r => r.In("\u0001 \ud83d\ude00 a\u0301b").ToString()));
    }

    [Fact]
    public void Too_many_tokens_are_left_out_and_counted()
    {
        var result = new TokenizedText();
        Sample().Encode("a a a a a", result, maxTokens: 3);
        Assert.Equal([1, 2, 2], result.Ids.ToArray());
        Assert.True(result.IsTruncated);
        Assert.Equal(6, result.UntruncatedCount);
        Assert.Equal(6, Sample().CountTokens("a a a a a"));
        Assert.Throws<ArgumentOutOfRangeException>(() => Sample().Encode("a", result, maxTokens: 0));
    }

    [Theory]
    [InlineData("a a a a a a", "e", 4, new[] { 1, 2, 2, 5 })]
    [InlineData("a", "e e e e e", 4, new[] { 1, 2, 5, 5 })]
    [InlineData("a a a a a", "e e e e e", 6, new[] { 1, 2, 2, 5, 5, 5 })]
    public void Of_two_texts_the_longer_is_shortened_first(string first, string second, int most, int[] expected)
    {
        var result = new TokenizedText();
        Sample().EncodePair(first, second, result, most);
        Assert.Equal(expected, result.Ids.ToArray());
    }

    [Fact]
    public void Calls_allocate_nothing()
    {
        var tokenizer = Sample();
        var result = new TokenizedText();
        tokenizer.Encode("ab cd \u00e9 \ud83d\ude00", result);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            tokenizer.Encode("ab cd \u00e9 \ud83d\ude00", result);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Theory]
    [InlineData("""{"type":"UnicodeScripts"}""", "CBERT0603", "UnicodeScripts")]
    [InlineData("""{"type":"Split","pattern":{"Regex":"(?<x>a)"},"behavior":"Isolated","invert":false}""", "CBERT0603", "(?<")]
    [InlineData("""{"type":"Split","pattern":{"Regex":"(a"},"behavior":"Isolated","invert":false}""", "CBERT0602", "lacks a )")]
    [InlineData("""{"type":"Split","pattern":{"Regex":"(a*)*"},"behavior":"Isolated","invert":false}""", "CBERT0603", "repetition")]
    [InlineData("""{"type":"Split","pattern":{"Regex":"\\p{Klingon}"},"behavior":"Isolated","invert":false}""", "CBERT0603", "\\p")]
    [InlineData("""{"type":5}""", "CBERT0602", "pre_tokenizer.type")]
    public void What_is_not_understood_is_refused_by_name(string preTokenizer, string code, string named)
    {
        var error = Assert.Throws<CompileException>(() => Sample(preTokenizer)).Diagnostic;
        Assert.Equal(code, error.Code);
        Assert.Contains(named, error.Message + error.Node, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("(?i)AB", "xaBy", new[] { 1, 3 })]
    [InlineData(@"\W", "a\u00bd.b", new[] { 2, 3 })]
    [InlineData(@"[^\W]", "a\u00bd.", new[] { 0, 1 })]
    [InlineData(@" ?[^(\s|[.,!?])]+", "a, b", new[] { 0, 1, 2, 4 })]
    [InlineData(@"(?<=a)b|\d{2,}", "abb123", new[] { 1, 2, 3, 6 })]
    public void Patterns_match_as_the_reference_does(string pattern, string text, int[] expected)
    {
        var tokenizer = Tokenizers.Compile($$"""
            {"version":"1.0","pre_tokenizer":{"type":"Split","pattern":{"Regex":{{System.Text.Json.JsonSerializer.Serialize(pattern)}}},"behavior":"Removed","invert":true},
             "model":{"type":"WordLevel","unk_token":"u","vocab":{"u":0} } }
            """);
        var result = new TokenizedText();
        tokenizer.Encode(text, result);
        Assert.Equal(expected, result.Ranges.ToArray().SelectMany(r => new[] { r.Start, r.End }));
    }

    [Theory]
    [InlineData("""{"type":"Replace","pattern":{"Regex":"^"},"content":"x"}""", "[]", "match of nothing")]
    [InlineData("""{"type":"NFD"}""", "[]", null)]
    [InlineData("""{"type":"Strip","strip_left":true,"strip_right":true}""", """[{"id":9,"content":" ","normalized":true}]""", "leaves nothing")]
    public void Steps_for_which_there_is_no_rule_are_refused(string normalizer, string added, string? named)
    {
        var json =
            $$"""{"version":"1.0","added_tokens":{{added}},"normalizer":{{normalizer}},"model":{"type":"WordLevel","unk_token":"u","vocab":{"u":0} } }""";
        Assert.Equal(
            named is null,
            Record.Exception(() => Tokenizers.Compile(json)) is not CompileException error
                || !error.Diagnostic.Message.Contains(named!, StringComparison.Ordinal));
    }

    [Fact]
    public void Of_added_tokens_that_normalization_makes_equal_the_first_is_found()
    {
        var tokenizer = Tokenizers.Compile("""
            {"version":"1.0","added_tokens":[{"id":1,"content":"foo"},{"id":2,"content":"FOO"}],"normalizer":{"type":"Lowercase"},
             "model":{"type":"WordLevel","unk_token":"u","vocab":{"u":0}}}
            """);
        Assert.Equal([1, 1], Ids(tokenizer, "foofoo"));
    }

    [Fact]
    public void Blanks_that_a_token_took_along_may_be_tokens_themselves()
    {
        var tokenizer = Tokenizers.Compile("""
            {"version":"1.0","added_tokens":[{"id":2,"content":"<m>","rstrip":true,"normalized":false},{"id":3,"content":" ","normalized":false},{"id":4,"content":"<l>","lstrip":true,"normalized":false}],
             "model":{"type":"WordLevel","unk_token":"u","vocab":{"u":0,"a":1}}}
            """);
        Assert.Equal([2, 3, 3, 1], Ids(tokenizer, "<m>  a"));
        Assert.Equal([2, 3, 4, 1], Ids(tokenizer, "<m> <l>a"));
    }

    [Fact]
    public void A_model_in_an_old_file_is_known_by_what_it_has()
    {
        Assert.Equal([1, 2], Ids(Tokenizers.Compile("""{"model":{"unk_id":0,"vocab":[["u",0],["a",-1],["b",-1]]}}"""), "ab"));
        Assert.Equal([3], Ids(Tokenizers.Compile("""{"model":{"unk_token":"u","vocab":{"u":0,"a":1,"b":2,"ab":3},"merges":["a b"]}}"""), "ab"));
        Assert.Equal([1, 2], Ids(Tokenizers.Compile("""{"model":{"unk_token":"u","continuing_subword_prefix":"#","vocab":{"u":0,"a":1,"#b":2}}}"""), "ab"));
    }

    [Fact]
    public void Blanks_are_taken_off_as_often_as_the_file_says()
    {
        string Post(int times) =>
            "{\"type\":\"Sequence\",\"processors\":["
                + string.Join(',', Enumerable.Repeat("""{"type":"ByteLevel","trim_offsets":true,"add_prefix_space":false}""", times)) + "]}";
        TextRange Range(int times)
        {
            var result = new TokenizedText();
            Tokenizers.Compile($$"""
                {"version":"1.0","pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false},"post_processor":{{Post(times)}},
                 "model":{"type":"WordLevel","unk_token":"u","vocab":{"u":0,"a":1,"\u0120bcd":2} } }
                """).Encode("a bcd", result);
            return result.Ranges[1];
        }

        Assert.Equal((1, 2, 3), (Range(0).Start, Range(1).Start, Range(2).Start));
    }

    [Fact]
    public void The_same_file_gives_the_same_bytes()
    {
        Assert.Equal(Sample().Fingerprint, Sample().Fingerprint);
        Assert.NotEqual(Sample().Fingerprint, Sample("""{"type":"Whitespace"}""").Fingerprint);
    }

    [Fact]
    public void A_blob_that_is_none_is_refused() =>
        Assert.Throws<InvalidDataException>(() => Tokenizer.FromMemory(new byte[100]));
}
