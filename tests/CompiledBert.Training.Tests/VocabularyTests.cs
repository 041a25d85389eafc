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
        Assert.InRange(vocabularies.Least, 40, 400);
        Assert.Equal([1500, 3000, 6000], vocabularies.Choices);
        foreach (var count in new[] { vocabularies.Least, 1500, 5999 })
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

        Assert.Equal(Texts.Length, vocabularies.Held(vocabularies.Least).Count);
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
        Assert.InRange(vocabularies.Least, 50, whole.VocabularySize / 4);
        foreach (var count in vocabularies.Choices.Prepend(vocabularies.Least))
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
                ["vocab"] = new JsonArray([.. pieces.Select((p, i) => (JsonNode)new JsonArray(p, i < 4 ? 0.0 : p.Length - 9.5))]),
            },
        };
        File.WriteAllText(Path.Combine(_folder, "tokenizer.json"), file.ToJsonString());
        File.WriteAllBytes(Path.Combine(_folder, "sentencepiece.bpe.model"), [1]);
        var whole = FolderTokenizer.Read(Toy.MovieMood, _folder)!;
        Assert.Equal(["<s>", "▁abc", "▁ab", "</s>"], Ids(whole, "abc ab").Select(whole.TokenOf));
        Assert.Equal([0, 1, 2, 3], TokenizerPruning.Needed(_folder).Order());

        int[] kept = [0, 1, 2, 3, 4, 5, 6, 7, 8, 11];
        var fewer = Written(TokenizerPruning.Files(_folder, kept));
        Assert.Equal(["<s>", "▁ab", "c", "▁ab", "▁c", "</s>"], Ids(fewer, "abc ab c").Select(fewer.TokenOf));
    }

    [Fact]
    public void Merges_of_pairs_and_results_of_tokens_keep_the_whole_vocabulary()
    {
        File.WriteAllText(
            Path.Combine(_folder, "tokenizer.json"), "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0, \"b\": 1, \"ab\": 2}, \"merges\": [\"a b\"]}}");
        Assert.False(TokenizerPruning.IsPossible(_folder));
        Directory.Delete(_folder, recursive: true);
        Directory.CreateDirectory(_folder);
        var own = Path.GetDirectoryName(Toy.MovieMood)!;
        var material = Read(FolderTokenizer.Read(Toy.MovieMood)!, Texts) with { TokenizerFolder = own };
        var vocabularies = new Vocabularies(Toy.MovieMood, material, tellsTokens: true);
        Assert.NotNull(vocabularies.Obstacle);
        Assert.Equal([6000], vocabularies.Choices);
    }

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
