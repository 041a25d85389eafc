namespace CompiledBert.Compiler.Heads;

/// <summary>Which inputs of a model take what a tokenizer makes.</summary>
/// <param name="Ids">Index of the input that takes ids.</param>
/// <param name="Mask">Index of the input that takes the mask; -1 for none.</param>
/// <param name="Types">Index of the input that takes types; -1 for none.</param>
/// <param name="Tokens">The axis of tokens: a symbol, or the number that every sequence is filled up to.</param>
/// <param name="MaxTokens">The most tokens that the model itself takes; null where nothing limits them.</param>
internal sealed record HeadInputs(int Ids, int Mask, int Types, Dim Tokens, long? MaxTokens)
{
    private static readonly string[] IdNames = ["input_ids", "input_word_ids", "ids"];
    private static readonly string[] MaskNames = ["attention_mask", "input_mask", "mask"];
    private static readonly string[] TypeNames = ["token_type_ids", "segment_ids", "token_types"];

    /// <summary>Finds them by the names that exporters give.</summary>
    /// <exception cref="CompileException">There is no input of ids, one besides these three, or texts do not fit their shapes.</exception>
    public static HeadInputs Of(ModelPlan plan, string file)
    {
        var (ids, mask, types) = (Find(plan, IdNames), Find(plan, MaskNames), Find(plan, TypeNames));
        if (ids < 0)
        {
            throw Refuse(
                $"none of the model's inputs ({string.Join(", ", plan.Inputs.Select(i => Diagnostic.Abbreviate(i.Name)))}) is one of ids",
                $"with an input that is called {IdNames[0]} (or {string.Join(", ", IdNames.Skip(1))})");
        }

        if (plan.Inputs.Where((_, i) => i != ids && i != mask && i != types).FirstOrDefault() is { } other)
        {
            throw Refuse(
                $"the model takes '{Diagnostic.Abbreviate(other.Name)}' besides ids, mask and types, of which nothing says what it is for a text",
                $"without it (a mask is known as {string.Join(", ", MaskNames)}, types as {string.Join(", ", TypeNames)})");
        }

        var shape = plan.Inputs[ids].Shape;
        var free = plan.Symbols.FirstOrDefault(s => s.Role == SymbolRole.Tokens);
        var tokens = free is not null ? Dim.Of(new Symbol(free.Name)) : shape.Count > 0 ? shape[^1] : Dim.One;
        if (shape.Take(shape.Count - (free is null ? 1 : 0)).FirstOrDefault(d => d.IsConstant && d != Dim.One) is { } batch)
        {
            throw Refuse($"the model takes {batch} texts at once, never one", "with a number of texts that is free (a dynamic axis) or 1");
        }

        if (free is null && (mask < 0 || !tokens.IsConstant || tokens == Dim.One || plan.Inputs[mask].Shape is not [.., var masked] || masked != tokens))
        {
            throw Refuse(
                "the model takes texts of one length only, and no mask of its tokens that shorter ones could be filled up with",
                "with a length of texts that is free (a dynamic axis)");
        }

        return new HeadInputs(ids, mask, types, tokens, free is null ? tokens.Value : free.Max);

        CompileException Refuse(string reason, string remedy) => DiagnosticTable.UnsuitedInputs.Error(file, null, reason, remedy);
    }

    private static int Find(ModelPlan plan, string[] names)
    {
        for (var i = 0; i < plan.Inputs.Count; i++)
        {
            if (names.Contains(plan.Inputs[i].Name.Split(':')[0], StringComparer.Ordinal))
            {
                return i;
            }
        }

        return -1;
    }
}
