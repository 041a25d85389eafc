using CompiledBert.Compiler.Tokenizers;

namespace CompiledBert.Compiler.Heads;

/// <summary>How many tokens a text may have: what the first of these says, and never more than the table of positions has rows for.</summary>
internal static class TextLength
{
    /// <summary>
    /// Families whose positions count the tokens that are no padding, from behind the id of padding: their graphs do not say how many there may be.
    /// </summary>
    private static readonly string[] CountsFromPadding =
        ["roberta", "xlm-roberta", "xlm-roberta-xl", "camembert", "mpnet", "roberta-prelayernorm", "data2vec-text", "xmod", "longformer", "luke", "ibert"];

    /// <summary>The most tokens of a text, special ones included, and who says so.</summary>
    public static (int Most, string From) Most(
        CompileOptions options, ModelFolder folder, JsonPart? config, SentenceModules modules, int tokenizerMost, long? table)
    {
        var tableFrom = "the model's table of positions";
        if (Positions(config) is { } positions && positions < (table ?? int.MaxValue))
        {
            (table, tableFrom) = (positions, "max_position_embeddings in config.json");
        }

        var (most, from) = options.MaxTokens is { } asked ? (asked, "metadata")
            : modules.MaxTokens is { } sentence ? (sentence, modules.MaxTokensFrom)
            : tokenizerMost < int.MaxValue ? (tokenizerMost, "tokenizer.json")
            : OfTokenizer(folder) is > 0 and var length ? (length, "tokenizer_config.json")
            : ((int)Math.Min(table ?? 512, int.MaxValue), table is null ? "nothing says; 512" : tableFrom);
        return table < most ? ((int)table.Value, tableFrom) : (most, from);
    }

    private static int? Positions(JsonPart? file) =>
        file is { } config && CountsFromPadding.Contains(config["model_type"].TextOrNull() ?? "", StringComparer.Ordinal)
        && config["max_position_embeddings"].NumberOrNull() - (config["pad_token_id"].NumberOrNull() ?? 1) - 1 is > 0 and var positions ? positions : null;

    /// <summary>The longest text by tokenizer_config.json, under its name of today or an older one; lengths that mean "any" are no number of 32 bits.</summary>
    private static int? OfTokenizer(ModelFolder folder)
    {
        var config = folder.Read("tokenizer_config.json");
        return config?["model_max_length"].NumberOrNull() ?? config?["max_len"].NumberOrNull();
    }
}
