using System.Globalization;
using System.Text.Json.Nodes;
using CompiledBert.Compiler.Heads;
using CompiledBert.Search.Space;
using CompiledBert.Text;
using CompiledBert.Training.Data;
using CompiledBert.Training.Runs;
using CompiledBert.Training.Tasks;

namespace CompiledBert.Training.Tests;

public sealed class VocabularyTests : IDisposable
{
    private static readonly string[] Texts = ["A gorgeous, witty film!", "the plot is dull and the cast is boring", "what a wonderful story; so charming"];

    private readonly string _folder = Directory.CreateTempSubdirectory("cbert-words").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("tokenizer.json", "vocab.txt", "tokenizer_config.json")]
    [InlineData("tokenizer.json")]
    [InlineData("vocab.txt", "tokenizer_config.json")]
    public void Texts_to_learn_from_are_cut_as_before_and_others_to_the_letter(params string[] files)
    {
        foreach (var file in files)
        {
            File.Copy(Path.Combine(Path.GetDirectoryName(Toy.MovieMood)!, file), Path.Combine(_folder, file));
        }

        var whole = FolderTokenizer.Read(Toy.MovieMood, _folder)!;
        var material = Read(whole, Texts);
        var vocabularies = new Vocabularies(Toy.MovieMood, material, tellsTokens: false);
        Assert.Equal([1500, 3000, 6000], vocabularies.Choices);
        var least = Least(vocabularies);
        Assert.InRange(least, 40, 400);
        foreach (var count in new[] { least, 1500, 5999 })
        {
            var (kept, fewer) = (vocabularies.Kept(count), Written(vocabularies.Files(count)));
            Assert.Equal((count, count), (kept.Count, kept.Distinct().Count()));
            Assert.Equal(count, fewer.VocabularySize);
            Assert.All(Enumerable.Range(0, count), place => Assert.Equal(whole.TokenOf(kept[place]), fewer.TokenOf(place)));
            Assert.All(Texts, text => Assert.Equal(Ids(whole, text), Ids(fewer, text).Select(id => kept[id])));

            // Nothing of it is unknown as long as its letters are known.
            var unknown = Ids(whole, "…")[1];
            Assert.Equal("[UNK]", whole.TokenOf(unknown));
            var other = Ids(fewer, "unwatchable, beyond description").Select(id => kept[id]).ToArray();
            Assert.DoesNotContain(unknown, other);
            Assert.Equal("unwatchable,beyonddescription", string.Concat(other[1..^1].Select(id => whole.TokenOf(id).Replace("##", ""))));
        }

        Assert.Equal(Texts.Length, vocabularies.Held(least).Count);
        Assert.Same(material.Held, vocabularies.Held(vocabularies.Whole));
    }

    [SharedModelTheory]
    [InlineData("bert-cased-8k")]
    [InlineData("bert-uncased-minilm")]
    [InlineData("xlmr-sentencepiece-8k")]
    public void Tokenizers_that_people_have_cut_texts_to_learn_from_as_before(string name)
    {
        var folder = Path.Combine(RepositoryFiles.SharedModels!, "..", "data", "tokenizers", name);
        var whole = FolderTokenizer.Read(Toy.MovieMood, folder)!;
        string[] texts = [.. Texts, "Zürich, 東京 and Αθήνα — 12.5 °C; naïve café?", "don't  stop 🙂 at\tthis"];
        var material = Read(whole, texts);
        material = material with
        {
            TokenizerFolder = folder,
            Model = material.Model with { Shape = material.Model.Shape with { Vocabulary = whole.VocabularySize } },
        };
        var vocabularies = new Vocabularies(Toy.MovieMood, material, tellsTokens: false);
        var least = Least(vocabularies);
        Assert.InRange(least, 50, whole.VocabularySize / 4);
        Assert.Equal(3, vocabularies.Choices.Count);
        foreach (var count in vocabularies.Choices.Prepend(least))
        {
            var (kept, fewer) = (vocabularies.Kept(count), Written(vocabularies.Files(count)));
            Assert.All(texts, text => Assert.Equal(Ids(whole, text), Ids(fewer, text).Select(id => kept[id])));
        }
    }

    [Fact]
    public void Pieces_that_stay_keep_their_scores_and_special_ones_their_roles()
    {
        string[] pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁", "a", "b", "c", "▁ab", "▁abc", "bc", "▁c"];
        var processor = new JsonObject
        {
            ["type"] = "Sequence",
            ["processors"] = new JsonArray(new JsonObject
            {
                ["type"] = "TemplateProcessing",
                ["single"] = new JsonArray(Special("<s>"), Sequence("A"), Special("</s>")),
                ["pair"] = new JsonArray(Special("<s>"), Sequence("A"), Special("</s>"), Sequence("B"), Special("</s>")),
                ["special_tokens"] = new JsonObject(new[] { ("<s>", 0), ("</s>", 2) }.Select(t => KeyValuePair.Create<string, JsonNode?>(
                    t.Item1, new JsonObject { ["id"] = t.Item1, ["ids"] = new JsonArray(t.Item2), ["tokens"] = new JsonArray(t.Item1) }))),
            }),
        };
        var file = new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = new JsonArray([.. new[] { 0, 1, 2, 3 }.Select(id => (JsonNode)new JsonObject
            {
                ["id"] = id, ["content"] = pieces[id], ["special"] = true, ["normalized"] = false,
            })]),
            ["pre_tokenizer"] = new JsonObject { ["type"] = "Metaspace", ["replacement"] = "▁", ["prepend_scheme"] = "always", ["split"] = true },
            ["post_processor"] = processor,
            ["model"] = new JsonObject
            {
                ["type"] = "Unigram", ["unk_id"] = 3,
                ["vocab"] = new JsonArray([.. pieces.Select((p, i) => (JsonNode)new JsonArray(p, i < 4 ? 0.0 : p == "a" ? -10 : p.Length - 9.5))]),
            },
        };
        File.WriteAllText(Path.Combine(_folder, "tokenizer.json"), file.ToJsonString());
        File.WriteAllBytes(Path.Combine(_folder, "sentencepiece.bpe.model"), [1]);
        var whole = FolderTokenizer.Read(Toy.MovieMood, _folder)!;
        Assert.Equal(["<s>", "▁abc", "▁ab", "</s>"], Ids(whole, "abc ab").Select(whole.TokenOf));
        var pruning = new TokenizerPruning(_folder);
        Assert.Equal(["<s>", "<pad>", "</s>", "<unk>", "a"], pruning.Needed().Distinct());

        List<string> kept = ["<s>", "<pad>", "</s>", "<unk>", "▁", "a", "b", "c", "▁ab", "▁c"];
        var fewer = Written(pruning.Files(token => kept.IndexOf(token) is >= 0 and var place ? place : null));
        Assert.Equal(["<s>", "▁ab", "c", "▁ab", "▁c", "</s>"], Ids(fewer, "abc ab c").Select(fewer.TokenOf));
    }

    [Fact]
    public void Merges_of_pairs_and_results_of_tokens_keep_the_whole_vocabulary()
    {
        File.WriteAllText(
            Path.Combine(_folder, "tokenizer.json"), "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0, \"b\": 1, \"ab\": 2}, \"merges\": [\"a b\"]}}");
        Assert.Throws<NotSupportedException>(() => new TokenizerPruning(_folder));
        Directory.Delete(_folder, recursive: true);
        Directory.CreateDirectory(_folder);
        var own = Path.GetDirectoryName(Toy.MovieMood)!;
        var material = Read(FolderTokenizer.Read(Toy.MovieMood)!, Texts) with { TokenizerFolder = own };
        var vocabularies = new Vocabularies(Toy.MovieMood, material, tellsTokens: true);
        Assert.NotNull(vocabularies.Obstacle(3000));
        Assert.Equal([6000], vocabularies.Choices);
    }

    /// <summary>Files that a build accepts, and of which no token can be left out, or all can.</summary>
    [Theory]
    [InlineData("bom", null)]
    [InlineData("untyped", "no type")]
    [InlineData("twice", "not as they should be")]
    [InlineData("added beyond", null)]
    [InlineData("added elsewhere", null)]
    [InlineData("padding beyond", null)]
    public void Odd_files_are_read_or_refused(string what, string? reason)
    {
        var json = File.ReadAllText(Path.Combine(Path.GetDirectoryName(Toy.MovieMood)!, "tokenizer.json"));
        var file = JsonNode.Parse(json)!;
        static JsonObject Added(int id, string content) => new() { ["id"] = id, ["content"] = content, ["special"] = false, ["normalized"] = false };
        if (what == "untyped")
        {
            file["model"]!.AsObject().Remove("type");
        }
        else if (what.StartsWith("added", StringComparison.Ordinal))
        {
            file["added_tokens"]!.AsArray().Add(what == "added beyond" ? Added(6005, "<new>") : Added(300, "cast"));
        }
        else if (what == "padding beyond")
        {
            file["padding"] = new JsonObject { ["pad_token"] = "[PAD]", ["pad_id"] = 6000 };
        }

        var text = what == "twice" ? json.Replace("\"[PAD]\": 0", "\"[PAD]\": 0, \"[PAD]\": 0", StringComparison.Ordinal) : file.ToJsonString();
        Assert.True(what != "twice" || text != json);
        File.WriteAllText(Path.Combine(_folder, "tokenizer.json"), text, new System.Text.UTF8Encoding(what == "bom"));
        var whole = FolderTokenizer.Read(Toy.MovieMood, _folder)!;
        var material = Read(whole, [.. Texts, "a <new> one"]);
        material = material with { Model = material.Model with { Shape = material.Model.Shape with { Vocabulary = whole.VocabularySize } } };
        var vocabularies = new Vocabularies(Toy.MovieMood, material, tellsTokens: false);
        Assert.Same(material.Held, vocabularies.Held(whole.VocabularySize));
        if (reason is null)
        {
            var kept = vocabularies.Kept(1500);
            var fewer = Written(vocabularies.Files(1500));
            Assert.Null(vocabularies.Obstacle(1500));
            Assert.All([.. Texts, "a <new> one"], t => Assert.Equal(Ids(whole, t), Ids(fewer, t).Select(id => kept[id])));
        }
        else
        {
            Assert.Contains(reason, vocabularies.Obstacle(1500), StringComparison.Ordinal);
            Assert.Equal([whole.VocabularySize], vocabularies.Choices);
        }
    }

    /// <summary>The fewest tokens that there may be, as people are told.</summary>
    private static int Least(Vocabularies vocabularies) => int.Parse(
        vocabularies.Obstacle(1)!.Split(' ').First(word => word.All(char.IsAsciiDigit)), CultureInfo.InvariantCulture);

    private static JsonObject Special(string token) => new() { ["SpecialToken"] = new JsonObject { ["id"] = token, ["type_id"] = 0 } };

    private static JsonObject Sequence(string name) => new() { ["Sequence"] = new JsonObject { ["id"] = name, ["type_id"] = 0 } };

    private Material Read(Tokenizer tokenizer, IReadOnlyList<string> texts)
    {
        IReadOnlyList<Example> Cut(Tokenizer by) => [.. texts.Select(t => new Example(Ids(by, t), new byte[Ids(by, t).Length], 0))];
        var model = Search.Graphs.BertReader.Read(Toy.MovieMood);
        return new Material(model, ["no", "yes"], Cut(tokenizer), Cut(tokenizer), _folder, tokenizer, Cut, new ClassifyTask(Search.Space.Pooling.Cls));
    }

    private Tokenizer Written(IEnumerable<(string Name, byte[] Content)> files)
    {
        var to = Directory.CreateDirectory(Path.Combine(_folder, Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture))).FullName;
        foreach (var (name, content) in files)
        {
            File.WriteAllBytes(Path.Combine(to, name), content);
        }

        return FolderTokenizer.Read(Toy.MovieMood, to)!;
    }

    private static int[] Ids(Tokenizer tokenizer, string text)
    {
        var tokens = new TokenizedText();
        tokenizer.Encode(text, tokens);
        return tokens.Ids.ToArray();
    }
}
