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
internal static class TokenizerPruning
{
    private const string Whole = "tokenizer.json";
    private const string Words = "vocab.txt";
    private const string Config = "tokenizer_config.json";
    private const string Decoder = "added_tokens_decoder";

    private static readonly string[] OfBert = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Whether tokens can be taken out of a folder's tokenizer.</summary>
    public static bool IsPossible(string folder) =>
        Read(folder, Whole) is { } file ? KindOf(file) is "WordPiece" or "Unigram" : File.Exists(Path.Combine(folder, Words));

    /// <summary>The ids that no tokenizer of these files can do without: special tokens, the unknown one, single bytes.</summary>
    public static IReadOnlyCollection<int> Needed(string folder)
    {
        if (Read(folder, Whole) is not { } file)
        {
            var lines = Lines(folder);
            return [.. OfBert.Select(t => Array.IndexOf(lines, t)).Where(i => i >= 0)];
        }

        var ids = new HashSet<int>();
        ChangeIds(file, id =>
        {
            ids.Add(id);
            return id;
        });
        ids.UnionWith(Tokens(file).Where(t => (t.Token.StartsWith("<0x", StringComparison.Ordinal) && t.Token.EndsWith('>')) || t.Token == Unknown(file)).Select(t => t.Id));
        return ids;
    }

    /// <summary>The files of a tokenizer of fewer tokens.</summary>
    /// <param name="folder">The files of the whole one.</param>
    /// <param name="kept">The ids that stay, rising: each becomes its place among them.</param>
    public static IEnumerable<(string Name, byte[] Content)> Files(string folder, IReadOnlyList<int> kept)
    {
        var places = kept.Select((id, place) => (id, place)).ToDictionary(k => k.id, k => k.place);
        if (Read(folder, Whole) is { } file)
        {
            ChangeIds(file, id => places[id]);
            TakeOut(file["model"]!, places);
            yield return (Whole, Bytes(file));
        }

        if (File.Exists(Path.Combine(folder, Words)))
        {
            var lines = Lines(folder);
            yield return (Words, Encoding.UTF8.GetBytes(string.Concat(kept.Where(id => id < lines.Length).Select(id => lines[id] + "\n"))));
        }

        if (Read(folder, Config) is { } config)
        {
            if (config[Decoder] is JsonObject added)
            {
                config[Decoder] = new JsonObject(added
                    .Select(a => (Place: places.GetValueOrDefault(int.Parse(a.Key, CultureInfo.InvariantCulture), -1), a.Value))
                    .Where(a => a.Place >= 0)
                    .Select(a => KeyValuePair.Create(a.Place.ToString(CultureInfo.InvariantCulture), a.Value?.DeepClone())));
            }

            yield return (Config, Bytes(config));
        }
    }

    /// <summary>Every id outside of the vocabulary itself becomes another.</summary>
    private static void ChangeIds(JsonNode file, Func<int, int> to)
    {
        void Change(JsonNode? owner, string name)
        {
            if (owner?[name] is { } id)
            {
                owner[name] = to((int)id);
            }
        }

        foreach (var added in file["added_tokens"]?.AsArray() ?? [])
        {
            Change(added, "id");
        }

        Change(file["padding"], "pad_id");
        Change(file["model"], "unk_id");
        var processors = new Stack<JsonNode?>([file["post_processor"]]);
        while (processors.TryPop(out var processor))
        {
            foreach (var part in processor?["processors"]?.AsArray() ?? [])
            {
                processors.Push(part);
            }

            foreach (var pair in new[] { processor?["sep"], processor?["cls"] }.OfType<JsonArray>())
            {
                pair[1] = to((int)pair[1]!);
            }

            foreach (var (_, token) in processor?["special_tokens"]?.AsObject() ?? [])
            {
                token!["ids"] = new JsonArray([.. token["ids"]!.AsArray().Select(id => (JsonNode)to((int)id!))]);
            }
        }
    }

    private static void TakeOut(JsonNode model, Dictionary<int, int> places)
    {
        model["vocab"] = model["vocab"] switch
        {
            JsonArray scored => new JsonArray([.. scored.Where((_, id) => places.ContainsKey(id)).Select(piece => piece!.DeepClone())]),
            var named => new JsonObject(named!.AsObject()
                .Where(token => places.ContainsKey((int)token.Value!))
                .OrderBy(token => (int)token.Value!)
                .Select(token => KeyValuePair.Create<string, JsonNode?>(token.Key, places[(int)token.Value!]))),
        };
    }

    private static IEnumerable<(string Token, int Id)> Tokens(JsonNode file) => file["model"]!["vocab"] switch
    {
        JsonArray scored => scored.Select((piece, id) => ((string)piece![0]!, id)),
        var named => named!.AsObject().Select(token => (token.Key, (int)token.Value!)),
    };

    private static string? Unknown(JsonNode file) => (string?)file["model"]!["unk_token"];

    private static string? KindOf(JsonNode file) =>
        (string?)file["model"]?["type"] ?? (file["model"]?["vocab"] is JsonArray ? "Unigram" : file["model"]?["merges"] is null ? "WordPiece" : "BPE");

    private static string[] Lines(string folder) => [.. File.ReadAllText(Path.Combine(folder, Words)).TrimEnd('\n').Split('\n').Select(line => line.TrimEnd('\r'))];

    private static JsonNode? Read(string folder, string name) =>
        Path.Combine(folder, name) is var path && File.Exists(path) ? JsonNode.Parse(File.ReadAllBytes(path)) : null;

    private static byte[] Bytes(JsonNode node) => Encoding.UTF8.GetBytes(node.ToJsonString(Readable) + "\n");
}
