namespace CompiledBert.Compiler.Heads;

/// <summary>Which outputs of a model a head takes, and whether they fit it.</summary>
internal static class HeadOutputs
{
    /// <summary>The vector of a text, as sentence-transformers' own exports call what all modules together make.</summary>
    public const string Sentence = "sentence_embedding";

    /// <summary>What BERT puts behind the vector of the first token, for the task that it was trained on.</summary>
    public const string Pooler = "pooler_output";

    /// <summary>Vectors of tokens after the last layer, as exporters call them.</summary>
    private static readonly string[] Tokens = ["token_embeddings", "last_hidden_state"];

    /// <summary>
    /// The output that an embedding is made of, where nobody names one: vectors of tokens where these are pooled, or else
    /// the vector that the network itself makes.
    /// </summary>
    /// <param name="outputs">All outputs, with the axes that the file declares.</param>
    /// <param name="isPooled">Whether files or metadata say how vectors of tokens become one.</param>
    public static string OfEmbedding(IReadOnlyList<(string Name, int? Rank)> outputs, bool isPooled)
    {
        var names = outputs.Select(o => o.Name).ToList();
        return !isPooled ? names.Find(n => n == Sentence) ?? names[0]
            : outputs[0].Rank == 3 ? names[0]
            : outputs.Where(o => o.Rank is 3 or null && Tokens.Contains(o.Name, StringComparer.Ordinal)).Select(o => o.Name).FirstOrDefault()
            ?? outputs.Where(o => o.Rank == 3).Select(o => o.Name).FirstOrDefault()
            ?? names.Find(n => n == Sentence)
            ?? names[0];
    }

    /// <summary>Elements of the output for a token or a text, and for which of these.</summary>
    /// <param name="options">Where the model is.</param>
    /// <param name="kind">What it is for.</param>
    /// <param name="kindFrom">What says so.</param>
    /// <param name="plan">Its plan.</param>
    /// <param name="tokens">The axis of tokens.</param>
    /// <exception cref="CompileException">The outputs are not those of a model that can do what is asked.</exception>
    public static (int Width, bool IsPerToken) Check(CompileOptions options, HeadKind kind, string kindFrom, ModelPlan plan, Dim tokens)
    {
        var can = kind.ToString().ToLowerInvariant();
        var count = kind == HeadKind.Answer ? 2 : 1;
        if (plan.Outputs.Count != count)
        {
            var wanted = kind == HeadKind.Answer ? "outputs, logits of the start and of the end" : "output";
            var names = string.Join(", ", plan.Outputs.Select(o => Diagnostic.Abbreviate(o.Name)));
            throw Refuse(
                FormattableString.Invariant($"a model that can {can} has {count} {wanted}, this one has {plan.Outputs.Count}: {names}"), "Outputs");
        }

        if (plan.Outputs.FirstOrDefault(o => o.Type != DataType.Float32) is { } other)
        {
            throw Refuse(
                $"the output '{Diagnostic.Abbreviate(other.Name)}' is of {other.Type.ToString().ToLowerInvariant()}, and a model that can {can} gives floats",
                "Outputs");
        }

        var output = plan.Outputs[0];
        var isPerToken = tokens.IsConstant
            ? output.Shape.Count > 1 && output.Shape[1] == tokens && (output.Shape.Count > 2 || kind == HeadKind.Answer)
            : output.Shape.Contains(tokens);
        var (rank, last) = (output.Shape.Count, output.Shape.Count > 0 ? output.Shape[^1] : Dim.One);
        var width = kind == HeadKind.Answer
            ? 1
            : last.IsConstant ? checked((int)last.Value)
            : throw Refuse("the output has no last axis of a known length", "Outputs");
        var fits = kind switch
        {
            HeadKind.Answer => isPerToken && rank == 2,
            HeadKind.Tag or HeadKind.Mask => isPerToken && rank == 3,
            HeadKind.Score => !isPerToken && rank == 2 && width == 1,
            HeadKind.Embed => rank == (isPerToken ? 3 : 2),
            _ => !isPerToken && rank == 2,
        };
        if (fits)
        {
            return (width, isPerToken);
        }

        var shape = $"the output '{Diagnostic.Abbreviate(output.Name)}' of shape [{string.Join(", ", output.Shape)}]";
        throw kind == HeadKind.Score && kindFrom == "config.json" && !isPerToken && rank == 2
            ? Refuse($"{kindFrom} names one label, as those of rerankers do, and {shape} has {width} elements for a text", "Labels, or Head or Outputs")
            : Refuse($"{shape} is not what a model has that can {can}", "Head or Outputs");

        CompileException Refuse(string reason, string metadata) => DiagnosticTable.UnsupportedText.Error(options.ModelPath, null, reason, metadata);
    }
}
