using System.Text.Json.Nodes;
using CompiledBert.Compiler.Tokenizers;

namespace CompiledBert.Compiler.Heads;

/// <summary>
/// The tokenizer in a model's folder: tokenizer.json, or else a vocab.txt with BERT's rules, a vocab.json with its merges.txt, or a sentencepiece model.
/// </summary>
internal static class TokenizerFiles
{
    /// <summary>
    /// Classes of the Hugging Face library whose vocab.txt is read by BERT's rules, and the last two, which name no rules; others (Japanese words, for one) cut
    /// texts in ways of their own.
    /// </summary>
    private static readonly string[] RuledAsBert =
    [
        "BertTokenizer", "DistilBertTokenizer", "ElectraTokenizer", "MobileBertTokenizer", "ConvBertTokenizer", "SqueezeBertTokenizer",
        "LxmertTokenizer", "LayoutLMTokenizer", "RetriBertTokenizer", "DPRContextEncoderTokenizer", "DPRQuestionEncoderTokenizer",
        "DPRReaderTokenizer", "PreTrainedTokenizer", "TokenizersBackend",
    ];

    private static readonly string[] Special = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"];

    public static JsonPart? Read(ModelFolder folder)
    {
        if (folder.Read("tokenizer.json") is { } file)
        {
            return file;
        }

        if (folder.Find("vocab.txt") is not { } vocabulary)
        {
            return PairEncodingTokenizer.Read(folder) ?? SentencePieceTokenizer.Read(folder);
        }

        var config = folder.Read("tokenizer_config.json");
        var kind = config?["tokenizer_class"].TextOrNull() ?? folder.Read("config.json")?["tokenizer_class"].TextOrNull();
        return kind is null || RuledAsBert.Contains(kind.EndsWith("Fast", StringComparison.Ordinal) ? kind[..^4] : kind, StringComparer.Ordinal)
            ? FromVocabulary(vocabulary, config)
            : throw DiagnosticTable.UnsupportedText.Error(
                vocabulary, null,
                $"tokenizer_class is {kind}, and a vocab.txt alone is known only with BERT's rules; save the tokenizer as tokenizer.json",
                "Tokenizer");
    }

    /// <summary>What the Hugging Face library makes of a vocab.txt: BERT's normalizer, words, and template.</summary>
    private static JsonPart FromVocabulary(string path, JsonPart? config)
    {
        var tokens = new JsonObject();
        var lines = File.ReadAllText(path).Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            var token = lines[i].TrimEnd('\r');
            if (token.Length > 0 || i + 1 < lines.Length)
            {
                tokens[token] = i;
            }
        }

        foreach (var name in Special.Take(3).Where(n => !tokens.ContainsKey(n)))
        {
            throw DiagnosticTable.InvalidDescription.Error(path, null, "The file", $"lacks the token {name}, which BERT's rules need");
        }

        int Id(string token) => (int)tokens[token]!;
        var json = new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = new JsonArray([.. Special.Where(tokens.ContainsKey).Select(t =>
                (JsonNode)new JsonObject { ["id"] = Id(t), ["content"] = t, ["special"] = true, ["normalized"] = false })]),
            ["normalizer"] = new JsonObject
            {
                ["type"] = "BertNormalizer",
                ["clean_text"] = true,
                ["handle_chinese_chars"] = config?["tokenize_chinese_chars"].Flag(true) ?? true,
                ["strip_accents"] = config is { } c && !c["strip_accents"].IsNull ? c["strip_accents"].Flag() : null,
                ["lowercase"] = config?["do_lower_case"].Flag(true) ?? true,
            },
            ["pre_tokenizer"] = new JsonObject { ["type"] = "BertPreTokenizer" },
            ["post_processor"] = new JsonObject
            {
                ["type"] = "BertProcessing",
                ["sep"] = new JsonArray("[SEP]", Id("[SEP]")),
                ["cls"] = new JsonArray("[CLS]", Id("[CLS]")),
            },
            ["model"] = new JsonObject
            {
                ["type"] = "WordPiece",
                ["unk_token"] = "[UNK]",
                ["continuing_subword_prefix"] = "##",
                ["max_input_chars_per_word"] = 100,
                ["vocab"] = tokens,
            },
        };
        return JsonPart.Parse(path, System.Text.Encoding.UTF8.GetBytes(json.ToJsonString()));
    }
}
