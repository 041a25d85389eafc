using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CompiledBert.Compiler.Tokenizers;

namespace CompiledBert.Compiler.Heads;

/// <summary>
/// A vocab.json and a merges.txt with the rules of their family, as the Hugging Face library makes a tokenizer of them: a byte-level pair encoding, and for
/// RoBERTa and those like it the special tokens around it.
/// </summary>
internal static class PairEncodingTokenizer
{
    private static readonly string[] RuledAsRoberta = ["RobertaTokenizer", "LongformerTokenizer", "BartTokenizer", "LEDTokenizer"];
    private static readonly string[] Robertas = ["roberta", "longformer", "bart", "led"];

    /// <summary>Roles of special tokens, with the names that RoBERTa has for them.</summary>
    private static readonly (string Role, string Usual)[] Special =
        [("bos_token", "<s>"), ("cls_token", "<s>"), ("eos_token", "</s>"),
            ("sep_token", "</s>"), ("unk_token", "<unk>"), ("pad_token", "<pad>"), ("mask_token", "<mask>")];

    /// <summary>The tokenizer of the files in a folder; null where they are not there.</summary>
    public static JsonPart? Read(ModelFolder folder)
    {
        if (folder.Find("vocab.json") is not { } path || folder.Find("merges.txt") is not { } merges)
        {
            return null;
        }

        var config = folder.Read("tokenizer_config.json");
        var kind = config?["tokenizer_class"].TextOrNull();
        var plain = kind is not null && kind.EndsWith("Fast", StringComparison.Ordinal) ? kind[..^4] : kind;
        var model = folder.Read("config.json")?["model_type"].TextOrNull();
        var isRoberta = plain is null ? Robertas.Contains(model, StringComparer.Ordinal) : RuledAsRoberta.Contains(plain, StringComparer.Ordinal);
        if (!isRoberta && !(plain is null ? model == "gpt2" : plain == "GPT2Tokenizer"))
        {
            var said = kind is null ? $"model_type is {model ?? "not given"}" : $"tokenizer_class is {kind}";
            throw DiagnosticTable.UnsupportedText.Error(
                path, null,
                $"a vocab.json with a merges.txt is known by the rules of RoBERTa and GPT-2 only, and {said}; save the tokenizer as tokenizer.json",
                "Tokenizer");
        }

        var addsBlank = config?["add_prefix_space"].Flag(false) ?? false;
        var vocabulary = JsonPart.Read(path);
        var tokens = vocabulary.Members().ToDictionary(m => m.Name, m => m.Value.Number(), StringComparer.Ordinal);
        var json = new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = new JsonArray([.. Added(folder, tokens, isRoberta)]),
            ["pre_tokenizer"] = ByteLevel(addsBlank),
            ["post_processor"] = isRoberta ? Around(folder, vocabulary, tokens, addsBlank) : ByteLevel(addsBlank, trims: false),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["vocab"] = JsonNode.Parse(vocabulary.Value.GetRawText()),
                ["merges"] = new JsonArray([.. Merges(merges)]),
            },
        };
        return JsonPart.Parse(path, Encoding.UTF8.GetBytes(json.ToJsonString()));
    }

    /// <summary>The lines but that of the version.</summary>
    private static IEnumerable<JsonNode> Merges(string path) => File.ReadAllText(path)
        .ReplaceLineEndings("\n")
        .Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Where(line => !line.StartsWith("#version", StringComparison.Ordinal)).Select(line => (JsonNode)line);

    private static JsonObject ByteLevel(bool addsBlank, bool trims = true) =>
        new() { ["type"] = "ByteLevel", ["add_prefix_space"] = addsBlank, ["trim_offsets"] = trims, ["use_regex"] = true };

    private static IEnumerable<JsonNode> Added(ModelFolder folder, Dictionary<string, int> tokens, bool isRoberta)
    {
        if (!isRoberta)
        {
            return tokens.ContainsKey("<|endoftext|>") ? [Token("<|endoftext|>", stripsLeft: false)] : [];
        }

        return Special.Select(s => (s.Role, Name: SpecialTokenNames.Read(folder, s.Role).Token ?? s.Usual)).DistinctBy(s => s.Name, StringComparer.Ordinal)
            .Where(s => tokens.ContainsKey(s.Name)).Select(s => Token(s.Name, stripsLeft: s.Role == "mask_token"));

        JsonNode Token(string name, bool stripsLeft) =>
            new JsonObject { ["id"] = tokens[name], ["content"] = name, ["special"] = true, ["normalized"] = false, ["lstrip"] = stripsLeft };
    }

    private static JsonObject Around(ModelFolder folder, JsonPart vocabulary, Dictionary<string, int> tokens, bool addsBlank)
    {
        JsonArray Token(string role, string usual)
        {
            var name = SpecialTokenNames.Read(folder, role).Token ?? usual;
            return tokens.TryGetValue(name, out var id)
                ? new JsonArray(name, id)
                : throw vocabulary.Invalid($"lacks the token {name}, which RoBERTa's rules need");
        }

        return new JsonObject
        {
            ["type"] = "RobertaProcessing",
            ["cls"] = Token("cls_token", "<s>"),
            ["sep"] = Token("sep_token", "</s>"),
            ["trim_offsets"] = true,
            ["add_prefix_space"] = addsBlank,
        };
    }
}
