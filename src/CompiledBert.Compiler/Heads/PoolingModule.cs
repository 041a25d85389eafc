using CompiledBert.Compiler.Tokenizers;

namespace CompiledBert.Compiler.Heads;

/// <summary>The file that says how the vectors of tokens become one.</summary>
/// <param name="file">The file.</param>
/// <param name="from">Its name, for those who ask what was decided.</param>
internal sealed class PoolingModule(JsonPart file, string from)
{
    private const string Flag = "pooling_mode_";

    private static readonly Dictionary<string, PoolingKind> Flags = new(StringComparer.Ordinal)
    {
        ["pooling_mode_cls_token"] = PoolingKind.Cls,
        ["pooling_mode_mean_tokens"] = PoolingKind.Mean,
        ["pooling_mode_max_tokens"] = PoolingKind.Max,
        ["pooling_mode_mean_sqrt_len_tokens"] = PoolingKind.MeanSqrt,
        ["pooling_mode_lasttoken"] = PoolingKind.Last,
    };

    private static readonly Dictionary<string, PoolingKind> Names = new(StringComparer.Ordinal)
    {
        ["cls"] = PoolingKind.Cls,
        ["mean"] = PoolingKind.Mean,
        ["max"] = PoolingKind.Max,
        ["mean_sqrt_len_tokens"] = PoolingKind.MeanSqrt,
        ["lasttoken"] = PoolingKind.Last,
    };

    /// <summary>The file's name.</summary>
    public string From => from;

    /// <summary>Elements of the vectors that are pooled; null where the file does not say.</summary>
    public int? Width => file["word_embedding_dimension"].NumberOrNull() ?? file["embedding_dimension"].NumberOrNull();

    /// <summary>Whether the tokens of a prompt are pooled too.</summary>
    public bool IncludesPrompt => file["include_prompt"].Flag(true);

    /// <summary>The one way that the file asks for.</summary>
    /// <exception cref="CompileException">It asks for none, for several, or for one that is not known.</exception>
    public PoolingKind Kind()
    {
        var asked = Asked().ToList();
        return asked is [{ Kind: { } kind }]
            ? kind
            : throw Refuse($"pooling by {(asked.Count == 0 ? "nothing" : string.Join(" and ", asked.Select(a => a.Name)))} is not supported", "Pooling");
    }

    /// <summary>Refuses what an embedding with a prompt would get wrong.</summary>
    public void CheckPrompts(bool arePrompts)
    {
        if (arePrompts && !IncludesPrompt)
        {
            throw Refuse(
                "include_prompt is false: the tokens of the prompt would have to be left out of the pooling, which is not supported",
                "Pooling, or set Prefix=\"\"");
        }
    }

    private IEnumerable<(string Name, PoolingKind? Kind)> Asked()
    {
        if (file["pooling_mode"] is { IsNull: false } mode)
        {
            foreach (var part in mode.Value.ValueKind == System.Text.Json.JsonValueKind.Array ? mode.Items() : [mode])
            {
                yield return (part.Text(), Names.TryGetValue(part.Text(), out var kind) ? kind : null);
            }

            yield break;
        }

        foreach (var (name, value) in file.Members())
        {
            if (name.StartsWith(Flag, StringComparison.Ordinal) && value.Flag())
            {
                yield return (name, Flags.TryGetValue(name, out var kind) ? kind : null);
            }
        }
    }

    private CompileException Refuse(string reason, string metadata) => DiagnosticTable.UnsupportedText.Error(file.File, null, reason, metadata);
}
