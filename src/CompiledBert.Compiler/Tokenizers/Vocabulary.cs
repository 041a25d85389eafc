using System.Globalization;
using System.Text.Json;
using CompiledBert.Text.Blob;

namespace CompiledBert.Compiler.Tokenizers;

/// <summary>The model of a tokenizer's file: its tokens, and how words are cut into them.</summary>
internal abstract class Vocabulary(JsonPart model, IReadOnlyList<(string Token, int Id)> entries)
{
    private readonly Dictionary<string, int> _ids = Index(entries);

    public IReadOnlyList<(string Token, int Id)> Entries => entries;

    /// <summary>How many different tokens there are; added tokens are numbered from here on.</summary>
    public int Size => _ids.Count;

    protected JsonPart Model => model;

    public static Vocabulary Read(JsonPart model)
    {
        if (model.IsNull)
        {
            throw model.Invalid("is missing");
        }

        var type = model["type"].TextOrNull() ?? Unnamed(model);
        return type switch
        {
            "WordPiece" => new WordPieceVocabulary(model),
            "WordLevel" => new WordLevelVocabulary(model),
            "BPE" => new PairVocabulary(model),
            "Unigram" => new UnigramVocabulary(model),
            _ => throw model["type"].Unsupported("'" + type + "'"),
        };
    }

    /// <summary>The type of a model in an old file, which does not name it: by what it has.</summary>
    private static string Unnamed(JsonPart model) =>
        !model["merges"].IsNull ? "BPE"
        : model["vocab"].Value.ValueKind == JsonValueKind.Array ? "Unigram"
        : model["continuing_subword_prefix"].IsNull ? "WordLevel" : "WordPiece";

    public int? Find(string token) => _ids.TryGetValue(token, out var id) ? id : null;

    /// <summary>Writes the model, its kind first.</summary>
    public abstract void Write(BlobWriter blob);

    public static void WriteTrie(BlobWriter blob, IEnumerable<(string Key, int Value)> entries, JsonPart place)
    {
        var units = TrieBuilder.Build(entries) ?? throw place.Unsupported("a vocabulary beyond four million characters");
        blob.Table<uint>(units);
        blob.Number(units.Length);
    }

    protected static IReadOnlyList<(string Token, int Id)> ReadTokens(JsonPart vocabulary) =>
        [.. vocabulary.Members().Select(m => (m.Name, m.Value.Number() is >= 0 and var id ? id : throw m.Value.Invalid("must not be negative")))];

    /// <summary>The id of the unknown token, which the model must have.</summary>
    protected int Unknown()
    {
        var token = model["unk_token"].Text();
        return Find(token) ?? throw model["unk_token"].Invalid($"is '{token}', which the vocabulary lacks");
    }

    /// <summary>The ids of the tokens that stand for bytes; -1 for those that are missing.</summary>
    protected int[] ByteIds() => [.. Enumerable.Range(0, 256).Select(b => Find(string.Create(CultureInfo.InvariantCulture, $"<0x{b:X2}>")) ?? -1)];

    private static Dictionary<string, int> Index(IReadOnlyList<(string Token, int Id)> entries)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (token, id) in entries)
        {
            ids[token] = id;
        }

        return ids;
    }

    private sealed class WordPieceVocabulary(JsonPart model) : Vocabulary(model, ReadTokens(model["vocab"]))
    {
        public override void Write(BlobWriter blob)
        {
            blob.Kind(ModelKind.WordPiece);
            WriteTrie(blob, Entries, Model["vocab"]);
            blob.Number(Unknown());
            blob.Number(Model["max_input_chars_per_word"].NumberOrNull() ?? 100);
            blob.Text(Model["continuing_subword_prefix"].TextOrNull() ?? "##");
        }
    }

    private sealed class WordLevelVocabulary(JsonPart model) : Vocabulary(model, ReadTokens(model["vocab"]))
    {
        public override void Write(BlobWriter blob)
        {
            blob.Kind(ModelKind.WordLevel);
            WriteTrie(blob, Entries, Model["vocab"]);
            blob.Number(Unknown());
        }
    }

    private sealed class UnigramVocabulary(JsonPart model)
        : Vocabulary(model, [.. model["vocab"].Items()
            .Select((item, i) => (item.Items() is [var token, _] ? token.Text() : throw item.Invalid("must be a token and its score"), i))])
    {
        /// <summary>How much worse than the worst token an unknown character is.</summary>
        private const double UnknownPenalty = 10;

        public override void Write(BlobWriter blob)
        {
            var scores = Model["vocab"].Items().Select(i => i.Items()[1].Real()).ToArray();
            var unknown = Model["unk_id"].NumberOrNull() ?? throw Model["unk_id"].Unsupported("missing");
            if ((uint)unknown >= (uint)scores.Length)
            {
                throw Model["unk_id"].Invalid("is no token of the vocabulary");
            }

            blob.Kind(ModelKind.Unigram);
            WriteTrie(blob, Entries, Model["vocab"]);
            var isSingle = scores.All(s => (float)s == s);
            if (isSingle)
            {
                blob.Table<float>([.. scores.Select(s => (float)s)]);
            }
            else
            {
                blob.Table<double>(scores);
            }

            blob.Flag(isSingle);
            blob.Number(unknown);
            blob.Real(scores.Min() - UnknownPenalty);
            blob.Numbers(Model["byte_fallback"].Flag(false) ? ByteIds() : []);
        }
    }
}
