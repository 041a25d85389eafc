using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CompiledBert.Training.Data;

/// <summary>Takes tokens out of the files of a tokenizer and numbers the others anew, in their order.</summary>
/// <remarks>
/// Words are cut into the longest tokens there are (WordPiece) or into the likeliest ones (Unigram). In both a text whose tokens all stay is cut as before, and one
/// that had others is cut into more. Merges of pairs (BPE) need tokens that no text ends with, and stay as they are.
/// </remarks>
internal sealed class TokenizerPruning
{
    private const string Whole = "tokenizer.json";
    private const string Words = "vocab.txt";
    private const string Config = "tokenizer_config.json";
    private const string Roles = "special_tokens_map.json";
    private const string Decoder = "added_tokens_decoder";

    private static readonly string[] OfBert = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly string _folder;
    private readonly JsonNode? _file;

    /// <param name="folder">The tokenizer's files.</param>
    /// <exception cref="NotSupportedException">No token can be taken out of it; the message says why.</exception>
    public TokenizerPruning(string folder)
    {
        (_folder, _file) = (folder, Read(Path.Combine(folder, Whole)));
        var kind = _file is null ? (File.Exists(Path.Combine(folder, Words)) ? "WordPiece" : "none of tokenizer.json and vocab.txt") : (string?)_file["model"]?["type"];
        if (kind is not ("WordPiece" or "Unigram"))
        {
            throw new NotSupportedException($"its tokenizer is {kind ?? "of no type that it names"}, and tokens can be left out of WordPiece and Unigram alone");
        }

        WordPrefix = _file is null ? "##" : (string?)_file["model"]!["continuing_subword_prefix"] ?? "▁";
    }

    /// <summary>What tokens begin with that stand at other places of a word, or at its beginning.</summary>
    public string WordPrefix { get; }

    /// <summary>The tokens that no tokenizer of these files can do without: special ones, the unknown one, single bytes, the unlikeliest one.</summary>
    public IEnumerable<string> Needed()
    {
        if (_file is null)
        {
            return OfBert;
        }

        var named = new List<string>();
        Rename(_file.DeepClone(), token =>
        {
            named.Add(token);
            return 0;
        });
        var bytes = Tokens(_file).Where(t => t.StartsWith("<0x", StringComparison.Ordinal) && t.EndsWith('>'));

        // What is unknown is less likely than the unlikeliest token by a fixed measure.
        var least = _file["model"]!["vocab"] is JsonArray { Count: > 0 } scored ? (string?)scored.MinBy(piece => (double)piece![1]!)![0] : null;
        return named.Concat(bytes).Append((string?)_file["model"]!["unk_token"]).Append(least).OfType<string>();
    }

    /// <summary>The files of a tokenizer of fewer tokens.</summary>
    /// <param name="placeOf">The number that a token has then; null for one that goes.</param>
    public IEnumerable<(string Name, byte[] Content)> Files(Func<string, int?> placeOf)
    {
        if (_file?.DeepClone() is { } file)
        {
            Rename(file, token => placeOf(token) ?? throw new NotSupportedException($"its files name the token {token}, which it does not know"));
            TakeOut(file["model"]!, placeOf);
            yield return (Whole, Bytes(file));
        }

        if (File.Exists(Path.Combine(_folder, Words)))
        {
            var lines = File.ReadAllText(Path.Combine(_folder, Words)).Split('\n').Select(line => line.TrimEnd('\r'));
            var kept = lines.Distinct(StringComparer.Ordinal).Select(line => (Line: line, Place: placeOf(line))).Where(l => l.Place is not null).OrderBy(l => l.Place);
            yield return (Words, Encoding.UTF8.GetBytes(string.Concat(kept.Select(l => l.Line + "\n"))));
        }

        if (Read(Path.Combine(_folder, Config)) is { } config)
        {
            if (config[Decoder] is JsonObject added)
            {
                config[Decoder] = new JsonObject(added
                    .Select(a => (Place: placeOf((string?)a.Value?["content"] ?? ""), a.Value))
                    .Where(a => a.Place is not null)
                    .Select(a => KeyValuePair.Create(a.Place!.Value.ToString(CultureInfo.InvariantCulture), a.Value?.DeepClone())));
            }

            yield return (Config, Bytes(config));
        }

        // It names special tokens, which stay, and has no numbers.
        if (File.Exists(Path.Combine(_folder, Roles)))
        {
            yield return (Roles, File.ReadAllBytes(Path.Combine(_folder, Roles)));
        }
    }

    /// <summary>Every id outside of the vocabulary itself becomes what its token's is now.</summary>
    private static void Rename(JsonNode file, Func<string, int> idOf)
    {
        foreach (var added in file["added_tokens"]?.AsArray() ?? [])
        {
            added!["id"] = idOf((string)added["content"]!);
        }

        if ((string?)file["padding"]?["pad_token"] is { } pad)
        {
            file["padding"]!["pad_id"] = idOf(pad);
        }

        if (file["model"]!["vocab"] is JsonArray scored && (int?)file["model"]!["unk_id"] is { } unknown)
        {
            file["model"]!["unk_id"] = idOf((string)scored[unknown]![0]!);
        }

        var processors = new Stack<JsonNode?>([file["post_processor"]]);
        while (processors.TryPop(out var processor))
        {
            foreach (var part in processor?["processors"]?.AsArray() ?? [])
            {
                processors.Push(part);
            }

            foreach (var pair in new[] { processor?["sep"], processor?["cls"] }.OfType<JsonArray>())
            {
                pair[1] = idOf((string)pair[0]!);
            }

            foreach (var (_, special) in processor?["special_tokens"]?.AsObject() ?? [])
            {
                special!["ids"] = new JsonArray([.. special["tokens"]!.AsArray().Select(token => (JsonNode)idOf((string)token!))]);
            }
        }
    }

    private static void TakeOut(JsonNode model, Func<string, int?> placeOf)
    {
        model["vocab"] = model["vocab"] switch
        {
            JsonArray scored => new JsonArray([.. scored.Where(piece => placeOf((string)piece![0]!) is not null).Select(piece => piece!.DeepClone())]),
            var named => new JsonObject(named!.AsObject()
                .Select(token => (token.Key, Place: placeOf(token.Key)))
                .Where(token => token.Place is not null)
                .OrderBy(token => token.Place)
                .Select(token => KeyValuePair.Create<string, JsonNode?>(token.Key, token.Place))),
        };
    }

    private static IEnumerable<string> Tokens(JsonNode file) => file["model"]!["vocab"] switch
    {
        JsonArray scored => scored.Select(piece => (string)piece![0]!),
        var named => named!.AsObject().Select(token => token.Key),
    };

    private static JsonNode? Read(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        ReadOnlySpan<byte> bytes = File.ReadAllBytes(path);
        return JsonNode.Parse(bytes.StartsWith(Encoding.UTF8.Preamble) ? bytes[Encoding.UTF8.Preamble.Length..] : bytes);
    }

    private static byte[] Bytes(JsonNode node) => Encoding.UTF8.GetBytes(node.ToJsonString(Readable) + "\n");
}
