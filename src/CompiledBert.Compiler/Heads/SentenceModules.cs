using CompiledBert.Compiler.Tokenizers;

namespace CompiledBert.Compiler.Heads;

/// <summary>What the files of sentence-transformers say: the modules behind the network, lengths, prompts.</summary>
internal sealed record SentenceModules(bool AreThere, string From, PoolingKind? Pooling, bool Normalizes, int? MaxTokens, string Prefix, string? QueryPrefix, string? PassagePrefix)
{
    private static readonly (string Flag, PoolingKind? Kind)[] Modes =
    [
        ("pooling_mode_cls_token", PoolingKind.Cls), ("pooling_mode_mean_tokens", PoolingKind.Mean), ("pooling_mode_max_tokens", PoolingKind.Max),
        ("pooling_mode_mean_sqrt_len_tokens", PoolingKind.MeanSqrt), ("pooling_mode_lasttoken", PoolingKind.Last), ("pooling_mode_weightedmean_tokens", null),
    ];

    public static SentenceModules Read(ModelFolder folder)
    {
        var modules = folder.Read("modules.json");
        var pooling = folder.Read(Path.Combine("1_Pooling", "config.json"));
        var normalizes = false;
        foreach (var module in modules is { } list ? list.Items() : [])
        {
            var type = module["type"].Text();
            switch (type[(type.LastIndexOf('.') + 1)..])
            {
                case "Transformer" or "Pooling":
                    break;
                case "Normalize":
                    normalizes = true;
                    break;
                default:
                    throw DiagnosticTable.UnsupportedText.Error(module.File, null, $"the module {type} is not supported", "Head");
            }
        }

        var sentence = folder.Read("sentence_bert_config.json");
        if (sentence is { } settings && settings["do_lower_case"].Flag(false))
        {
            throw DiagnosticTable.UnsupportedText.Error(settings.File, null, "do_lower_case, which changes texts before the tokenizer does, is not supported", "Head");
        }

        var (prefix, query, passage) = Prompts(folder.Read("config_sentence_transformers.json"));
        var kind = pooling is { } file ? PoolingOf(file) : null;
        return new SentenceModules(modules is not null || pooling is not null, modules is null ? "1_Pooling/config.json" : "modules.json", kind, normalizes, sentence?["max_seq_length"].NumberOrNull(), prefix, query, passage);
    }

    private static PoolingKind? PoolingOf(JsonPart file)
    {
        var chosen = Modes.Where(m => file[m.Flag].Flag(false)).ToList();
        return chosen is [var (_, only)] && only is not null
            ? only
            : throw DiagnosticTable.UnsupportedText.Error(file.File, null, $"pooling by {(chosen.Count == 0 ? "nothing" : string.Join(" and ", chosen.Select(c => c.Flag)))} is not supported", "Pooling");
    }

    private static (string Prefix, string? Query, string? Passage) Prompts(JsonPart? file)
    {
        if (file is not { } settings || settings["prompts"].IsNull)
        {
            return ("", null, null);
        }

        var prompts = settings["prompts"];
        var usual = settings["default_prompt_name"].TextOrNull();
        return (usual is null ? "" : prompts[usual].Text(), prompts["query"].TextOrNull(), prompts["passage"].TextOrNull() ?? prompts["document"].TextOrNull());
    }
}
