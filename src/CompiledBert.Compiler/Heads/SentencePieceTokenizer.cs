using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using CompiledBert.Compiler.Tokenizers;

namespace CompiledBert.Compiler.Heads;

/// <summary>
/// A sentencepiece model with the rules of its family, as the Hugging Face library makes a tokenizer of it: which ids come before the pieces, what
/// is done to the text first, which special tokens stand around it. The file itself says none of that.
/// </summary>
internal static class SentencePieceTokenizer
{
    private const string Blank = "\u2581";

    private static readonly string[] Files = ["sentencepiece.bpe.model", "spiece.model", "spm.model", "sentencepiece.model", "tokenizer.model"];

    /// <summary>The tokenizer of the model in a folder; null where there is none.</summary>
    public static JsonPart? Read(ModelFolder folder)
    {
        if (Files.Select(folder.Find).FirstOrDefault(f => f is not null) is not { } path)
        {
            return null;
        }

        var config = folder.Read("tokenizer_config.json");
        var family = FamilyOf(config?["tokenizer_class"].TextOrNull(), folder.Read("config.json")?["model_type"].TextOrNull())
            ?? throw Refuse(
                path,
                "neither tokenizer_class in tokenizer_config.json nor model_type in config.json says of which family the sentencepiece model is "
                    + "(xlm-roberta, camembert, albert, deberta-v2 and t5 are known)");
        var file = SentencePieceFile.Read(path);
        if (file.Kind is not (SentencePieceFile.Unigram or SentencePieceFile.PairEncoding))
        {
            throw Refuse(path, "the sentencepiece model is neither of the kind unigram nor bpe; save the tokenizer as tokenizer.json");
        }

        if (family == "deberta-v2" && config is { } c && c["split_by_punct"].Flag(false))
        {
            throw Refuse(path, "split_by_punct in tokenizer_config.json is not supported; save the tokenizer as tokenizer.json");
        }

        return JsonPart.Parse(path, Encoding.UTF8.GetBytes(Tokenizer(family, file, config).ToJsonString()));
    }

    private static string? FamilyOf(string? tokenizerClass, string? modelType) => tokenizerClass switch
    {
        "XLMRobertaTokenizer" or "XLMRobertaTokenizerFast" => "xlm-roberta",
        "CamembertTokenizer" or "CamembertTokenizerFast" => "camembert",
        "AlbertTokenizer" or "AlbertTokenizerFast" => "albert",
        "DebertaV2Tokenizer" or "DebertaV2TokenizerFast" => "deberta-v2",
        "T5Tokenizer" or "T5TokenizerFast" => "t5",
        null => modelType is "xlm-roberta" or "camembert" or "albert" or "deberta-v2" or "t5" ? modelType : null,
        _ => null,
    };

    private static JsonObject Tokenizer(string family, SentencePieceFile file, JsonPart? config)
    {
        var pieces = file.Pieces.Select(p => (p.Piece, Score: (double)p.Score)).ToList();
        var (vocabulary, unknown) = family switch
        {
            "xlm-roberta" => ([("<s>", 0), ("<pad>", 0), ("</s>", 0), ("<unk>", 0), .. pieces.Skip(3), ("<mask>", 0)], 3),
            "camembert" => ([("<s>NOTUSED", 0), ("<pad>", 0), ("</s>NOTUSED", 0), ("<unk>", 0), ("<unk>NOTUSED", -100), .. pieces.Skip(1), ("<mask>", 0)], 3),
            "albert" => (pieces.ConvertAll(p => EndsInNumberAndComma(p.Piece) ? p with { Score = p.Score - 100 } : p), file.UnknownId),
            "t5" => (
                [.. pieces, .. Enumerable.Range(0, 100).Select(i => (string.Create(CultureInfo.InvariantCulture, $"<extra_id_{99 - i}>"), 0.0))],
                file.UnknownId),
            _ => ((List<(string Piece, double Score)>)pieces, file.UnknownId),
        };
        var (begin, end, mask, special) = family switch
        {
            "xlm-roberta" or "camembert" => ("<s>", "</s>", "<mask>", new[] { "<s>", "<pad>", "</s>", "<unk>" }),
            "t5" => (
                null, "</s>", null,
                (string[])["</s>", "<unk>", "<pad>", .. vocabulary.Select(v => v.Piece).Where(p => p.StartsWith("<extra_id_", StringComparison.Ordinal))]),
            "albert" => ("[CLS]", "[SEP]", "[MASK]", ["[CLS]", "[SEP]", "<pad>", "<unk>"]),
            _ => ((string?)"[CLS]", "[SEP]", (string?)"[MASK]", ["[CLS]", "[SEP]", "[PAD]", "[UNK]"]),
        };
        int Id(string token) => vocabulary.FindIndex(v => v.Piece == token);
        var added = special.Where(t => Id(t) >= 0).Select(t => (JsonNode)Added(t, Id(t), stripLeft: false)).ToList();
        if (mask is not null)
        {
            added.Add(Added(mask, Id(mask) is >= 0 and var id ? id : vocabulary.Count, stripLeft: family != "deberta-v2"));
        }

        return new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = new JsonArray([.. added]),
            ["normalizer"] = new JsonObject { ["type"] = "Sequence", ["normalizers"] = new JsonArray([.. Normalizers(family, file, config)]) },
            ["pre_tokenizer"] = new JsonObject { ["type"] = "Metaspace", ["replacement"] = Blank, ["prepend_scheme"] = "always", ["split"] = true },
            ["post_processor"] = Template(family, begin, end, Id),
            ["model"] = file.Kind == SentencePieceFile.PairEncoding ? PairEncoding(file, vocabulary, vocabulary[unknown].Piece) : new JsonObject
            {
                ["type"] = "Unigram",
                ["unk_id"] = unknown,
                ["byte_fallback"] = file.HasByteFallback,
                ["vocab"] = new JsonArray([.. vocabulary.Select(v => (JsonNode)new JsonArray(v.Piece, v.Score))]),
            },
        };
    }

    /// <summary>
    /// The merges that the pieces amount to: each way to cut one in two pieces, the greatest score first, of equal ones the longest parts. A model of this kind
    /// knows scores only.
    /// </summary>
    private static JsonObject PairEncoding(SentencePieceFile file, List<(string Piece, double Score)> vocabulary, string unknown)
    {
        var (ids, scores) = (new Dictionary<string, int>(StringComparer.Ordinal), new Dictionary<string, double>(StringComparer.Ordinal));
        for (var id = 0; id < file.Pieces.Count; id++)
        {
            ids[file.Pieces[id].Piece] = id;
        }

        var tokens = new JsonObject();
        for (var id = 0; id < vocabulary.Count; id++)
        {
            tokens[vocabulary[id].Piece] = id;
            scores[vocabulary[id].Piece] = vocabulary[id].Score;
        }

        var merges = scores.SelectMany(s => Cuts(s.Key, ids).Select(cut => (cut.Left, cut.Right, Score: s.Value)))
            .OrderByDescending(m => m.Score).ThenByDescending(m => m.Left.EnumerateRunes().Count()).ThenByDescending(m => m.Right.EnumerateRunes().Count());
        return new JsonObject
        {
            ["type"] = "BPE",
            ["unk_token"] = unknown,
            ["fuse_unk"] = true,
            ["byte_fallback"] = file.HasByteFallback,
            ["vocab"] = tokens,
            ["merges"] = new JsonArray([.. merges.Select(m => (JsonNode)new JsonArray(m.Left, m.Right))]),
        };
    }

    private static IEnumerable<(string Left, string Right)> Cuts(string piece, Dictionary<string, int> ids)
    {
        var cuts = new List<(string Left, string Right)>();
        for (var at = 1; at < piece.Length; at++)
        {
            if (!char.IsLowSurrogate(piece[at]) && ids.ContainsKey(piece[..at]) && ids.ContainsKey(piece[at..]))
            {
                cuts.Add((piece[..at], piece[at..]));
            }
        }

        return cuts.OrderBy(c => ids[c.Left]).ThenBy(c => ids[c.Right]);
    }

    private static JsonObject Added(string token, int id, bool stripLeft) =>
        new JsonObject { ["id"] = id, ["content"] = token, ["special"] = true, ["normalized"] = false, ["lstrip"] = stripLeft };

    private static IEnumerable<JsonNode> Normalizers(string family, SentencePieceFile file, JsonPart? config)
    {
        if (family == "albert")
        {
            yield return Replace("String", "``", "\"");
            yield return Replace("String", "''", "\"");
            if (!(config?["keep_accents"].Flag(false) ?? false))
            {
                yield return new JsonObject { ["type"] = "NFKD" };
                yield return new JsonObject { ["type"] = "StripAccents" };
            }
        }

        if (family is "albert" or "deberta-v2" && (config?["do_lower_case"].Flag(family == "albert") ?? family == "albert"))
        {
            yield return new JsonObject { ["type"] = "Lowercase" };
        }

        if (file.CharacterMap.Length > 0)
        {
            yield return new JsonObject { ["type"] = "Precompiled", ["precompiled_charsmap"] = Convert.ToBase64String(file.CharacterMap) };
        }

        yield return Replace("Regex", " {2,}", " ");
    }

    private static JsonObject Replace(string kind, string pattern, string content) =>
        new() { ["type"] = "Replace", ["pattern"] = new JsonObject { [kind] = pattern }, ["content"] = content };

    private static JsonObject Template(string family, string? begin, string end, Func<string, int> id)
    {
        JsonNode Special(string token, int type) => new JsonObject { ["SpecialToken"] = new JsonObject { ["id"] = token, ["type_id"] = type } };
        JsonNode Text(string which, int type) => new JsonObject { ["Sequence"] = new JsonObject { ["id"] = which, ["type_id"] = type } };
        var second = family is "albert" or "deberta-v2" ? 1 : 0;
        IEnumerable<JsonNode> first = begin is null ? [] : [Special(begin, 0)];
        IEnumerable<JsonNode> between = family is "xlm-roberta" or "camembert" ? [Special(end, 0), Special(end, 0)] : [Special(end, 0)];
        var tokens = new JsonObject();
        foreach (var token in new[] { begin, end }.OfType<string>())
        {
            tokens[token] = new JsonObject { ["id"] = token, ["ids"] = new JsonArray(id(token)), ["tokens"] = new JsonArray(token) };
        }

        return new JsonObject
        {
            ["type"] = "TemplateProcessing",
            ["single"] = new JsonArray([.. first, Text("A", 0), Special(end, 0)]),
            ["pair"] = new JsonArray([.. begin is null ? [] : new[] { Special(begin, 0) }, Text("A", 0), .. between, Text("B", second), Special(end, second)]),
            ["special_tokens"] = tokens,
        };
    }

    /// <summary>ALBERT's vocabulary has numbers with a comma behind them, which its tokenizer cuts apart.</summary>
    private static bool EndsInNumberAndComma(string piece) => piece.Length >= 2 && piece[^1] == ',' && char.IsDigit(piece[^2]);

    private static CompileException Refuse(string path, string reason) => DiagnosticTable.UnsupportedText.Error(path, null, reason, "Tokenizer");
}
