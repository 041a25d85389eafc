using System.Globalization;
using CompiledBert.Compiler.Tokenizers;
using CompiledBert.Text;

namespace CompiledBert.Compiler.Heads;

/// <summary>What the files beside a model say about texts, and what was decided: metadata first, then the files in their order.</summary>
internal sealed class ModelText
{
    private readonly CompileOptions _options;
    private readonly ModelFolder _folder;
    private readonly JsonPart? _config;
    private readonly SentenceModules _modules;
    private readonly Prompts _prompts;
    private readonly List<string> _decisions = [];
    private readonly HeadKind _kind;
    private readonly string _kindFrom;
    private readonly CompiledBert.Text.Tokenizer _compiled;
    private readonly bool _isPair;

    public ModelText(
        CompileOptions options, ModelFolder folder, JsonPart? config, SentenceModules modules,
        HeadKind kind, string kindFrom, byte[] tokenizer, string tokenizerFrom)
    {
        (_options, _folder, _config, _modules, _kind, _kindFrom) = (options, folder, config, modules, kind, kindFrom);
        _prompts = Prompts.Of(options, modules);
        (_compiled, _isPair) = (CompiledBert.Text.Tokenizer.FromMemory(tokenizer), kind is HeadKind.Answer or HeadKind.Score);
        Decide("head", kind.ToString().ToLowerInvariant(), kindFrom);
        Decide("tokenizer", string.Create(CultureInfo.InvariantCulture, $"{_compiled.VocabularySize} ids, {tokenizer.Length} bytes"), tokenizerFrom);
        Trailer = new TextTrailer(tokenizer, kind == HeadKind.Embed ? modules.Dense : []);
    }

    /// <summary>What the head needs of its own behind the weights of the network.</summary>
    public TextTrailer Trailer { get; }

    /// <summary>What was decided, each with the file that says so.</summary>
    public IReadOnlyList<string> Decisions => _decisions;

    /// <summary>The outputs that the head needs: those that the options name, or else what fits it; empty for the first.</summary>
    /// <param name="outputs">All outputs, with the axes that the file declares.</param>
    public IReadOnlyList<string> ChooseOutputs(IReadOnlyList<(string Name, int? Rank)> outputs)
    {
        if (_options.Outputs.Count > 0 || _kind is not (HeadKind.Answer or HeadKind.Embed))
        {
            return _options.Outputs;
        }

        if (_kind == HeadKind.Answer)
        {
            return ["*"];
        }

        var chosen = HeadOutputs.OfEmbedding(outputs, isPooled: _options.Pooling is not null || _modules.Pooling is not null);
        if (chosen != outputs[0].Name)
        {
            Decide("output", chosen,
                chosen == HeadOutputs.Sentence
                    ? "the vector that the network itself makes of a text"
                    : "vectors of tokens, which are pooled");
        }

        return [chosen];
    }

    /// <summary>The head of a plan. Refuses what does not fit the model.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="activation">What the model itself does to its logits.</param>
    /// <param name="trailerAt">Where the head's own data begin in the blob of weights.</param>
    public PlanHead HeadOf(ModelPlan plan, OutputActivation activation, long trailerAt)
    {
        var inputs = HeadInputs.Of(plan, _options.ModelPath);
        if (plan.Checks.FirstOrDefault(c => c.Input == inputs.Ids) is { } check && _compiled.VocabularySize > check.High)
        {
            throw DiagnosticTable.IdsBeyondTable.Error(_options.ModelPath, null, _compiled.VocabularySize - 1, check.High);
        }

        if (plan.Checks.FirstOrDefault(c => c.Input == inputs.Types) is { } typeCheck
            && _compiled.GreatestTypeId(_isPair) is var type && type >= typeCheck.High)
        {
            throw DiagnosticTable.TypesBeyondTable.Error(_options.ModelPath, null, type, typeCheck.High);
        }

        RefuseWhatDoesNotApply();
        _prompts.Decide(Decide);
        var (width, isPerToken) = HeadOutputs.Check(_options, _kind, _kindFrom, plan, inputs.Tokens);
        return new PlanHead
        {
            Kind = _kind,
            Pooling = _kind == HeadKind.Embed ? Pooling(width, isPerToken, plan.Outputs[0].Name) : PoolingKind.None,
            Dense = _kind == HeadKind.Embed ? Dense(width, isPerToken, trailerAt) : [],
            Normalizes = _kind == HeadKind.Embed && Normalizes(),
            LabelsAreIndependent = _kind == HeadKind.Classify && LabelsAreIndependent(width, activation),
            GivesProbabilities = _kind != HeadKind.Embed && GivesProbabilities(activation),
            Labels = _kind is HeadKind.Classify or HeadKind.Tag ? Labels(width) : [],
            Prefix = _prompts.Usual,
            QueryPrefix = _prompts.Query,
            PassagePrefix = _prompts.Passage,
            MaskId = _kind == HeadKind.Mask ? MaskId(width) : -1,
            MaxTokens = MaxTokens(inputs.MaxTokens),
            Ids = inputs.Ids,
            Mask = inputs.Mask,
            Types = inputs.Types,
            PaddedTo = inputs.Tokens.IsConstant ? checked((int)inputs.Tokens.Value) : 0,
            PadId = inputs.Tokens.IsConstant ? PadId(inputs.Tokens) : 0,
            Width = width,
            IsPerToken = isPerToken,
            TokenizerAt = trailerAt,
            TokenizerBytes = Trailer.Tokenizer.Length,
        };
    }

    /// <summary>Metadata that the head has no use for are mistakes, not wishes to pass over.</summary>
    private void RefuseWhatDoesNotApply()
    {
        var isLabelled = _kind is HeadKind.Classify or HeadKind.Tag;
        var useless = _options.Pooling is not null && _kind != HeadKind.Embed ? "Pooling"
            : _options.Normalize is not null && _kind != HeadKind.Embed ? "Normalize"
            : _options.Labels.Count > 0 && !isLabelled ? "Labels"
            : _options.Prefix is not null && _kind is not (HeadKind.Embed or HeadKind.Classify or HeadKind.Mask) ? "Prefix"
            : _options.QueryPrefix is not null && _kind != HeadKind.Embed ? "QueryPrefix"
            : _options.PassagePrefix is not null && _kind != HeadKind.Embed ? "PassagePrefix"
            : null;
        if (useless is not null)
        {
            throw Refuse($"{useless} is set, which means nothing to a model that can {_kind.ToString().ToLowerInvariant()}", "Head");
        }
    }

    /// <summary>One logit, or several that were trained each by itself, are no distribution.</summary>
    private bool LabelsAreIndependent(int width, OutputActivation activation)
    {
        var problem = _config?["problem_type"].TextOrNull();
        if (problem == "regression")
        {
            throw Refuse("config.json says that the model's outputs are values, not labels (problem_type is regression)", "Head");
        }

        if (activation != OutputActivation.None)
        {
            return activation == OutputActivation.Sigmoid;
        }

        var independent = width == 1 || problem == "multi_label_classification";
        Decide("probabilities", independent ? "a sigmoid for each label" : "a softmax over all labels", width == 1 ? "one logit" : "config.json");
        return independent;
    }

    private bool GivesProbabilities(OutputActivation activation)
    {
        if (activation != OutputActivation.None)
        {
            Decide("probabilities", "as the model gives them", $"its graph ends in a {activation.ToString().ToLowerInvariant()}");
        }

        return activation != OutputActivation.None;
    }

    /// <summary>The id that texts are filled up with. They are masked, so that it counts only for models that make positions of ids.</summary>
    private int PadId(Dim tokens)
    {
        var (token, tokenFrom) = SpecialTokenNames.Read(_folder, "pad_token");
        var id = token is null ? 0 : IdOf(text => text == token) ?? 0;
        Decide("padding",
            FormattableString.Invariant($"every text to {tokens} tokens, the graph takes no other length; with {_compiled.TokenOf(id)}"),
            tokenFrom ?? "the first id");
        return id;
    }

    private int MaskId(int width)
    {
        if (width < _compiled.VocabularySize)
        {
            throw Refuse(
                FormattableString.Invariant($"the output has {width} elements for a token, and the tokenizer {_compiled.VocabularySize} ids"), "Outputs");
        }

        var (token, tokenFrom) = SpecialTokenNames.Read(_folder, "mask_token");
        if (IdOf(text => token is null ? text is "[MASK]" or "<mask>" : text == token) is { } id)
        {
            Decide("mask", _compiled.TokenOf(id), tokenFrom ?? "the vocabulary");
            return id;
        }

        throw Refuse(
            token is null
                ? "no file says which token masks others, and there is neither [MASK] nor <mask>"
                : $"the mask token {token} is not in the vocabulary",
            "Tokenizer");
    }

    /// <summary>The first id whose token is meant; null for none.</summary>
    private int? IdOf(Func<string, bool> isMeant)
    {
        for (var id = 0; id < _compiled.VocabularySize; id++)
        {
            if (isMeant(_compiled.TokenOf(id)))
            {
                return id;
            }
        }

        return null;
    }

    private PoolingKind Pooling(int width, bool isPerToken, string output)
    {
        if (!isPerToken)
        {
            RefusePoolingTwice(output);
            Decide("pooling", "part of the network", $"the output {output} has one vector for a text");
            return PoolingKind.None;
        }

        if (_options.Pooling is { } asked)
        {
            var kind = Enum.Parse<PoolingKind>(asked, ignoreCase: true);
            Decide("pooling", kind.ToString().ToLowerInvariant(), "metadata");
            return kind;
        }

        var module = _modules.Pooling ?? throw Refuse("no file says how the vectors of tokens become one (1_Pooling/config.json is missing)", "Pooling");
        if (module.Width is { } pooled && pooled != width)
        {
            throw Refuse(FormattableString.Invariant($"{module.From} is of vectors of {pooled} elements, and those of the output have {width}"), "Outputs");
        }

        module.CheckPrompts(_prompts.AreThere);
        Decide("pooling", module.Kind().ToString().ToLowerInvariant(), module.From);
        return module.Kind();
    }

    /// <summary>
    /// What is pooled in the network cannot be pooled in another way; and a pooler is not the pooling that the files of sentence-transformers name.
    /// </summary>
    private void RefusePoolingTwice(string output)
    {
        if (_options.Pooling is { } asked)
        {
            throw Refuse(
                $"Pooling is {asked}, and the output '{output}' has one vector for a text already",
                "Outputs: name the one with a vector for each token");
        }

        if (_modules.Pooling is { } module && output == HeadOutputs.Pooler && _options.Outputs.Count == 0)
        {
            throw Refuse(
                $"{module.From} is about vectors of tokens, and the model gives '{output}' alone, which is pooled in another way",
                "Outputs, if that is meant");
        }
    }

    /// <summary>The layers behind the pooling. Where the network gives one vector for a text, it may have them itself already.</summary>
    private List<PlanDense> Dense(int width, bool isPerToken, long trailerAt)
    {
        var layers = _modules.Dense;
        if (layers is [var first, ..] && !isPerToken)
        {
            if (first.Inputs == layers[^1].Outputs)
            {
                throw Refuse(
                    $"the output has one vector for a text, and whether {first.From} is part of it cannot be told",
                    "Outputs: name the one with a vector for each token");
            }

            if (width == layers[^1].Outputs)
            {
                Decide("dense", "part of the network", "the width of the output");
                return [];
            }
        }

        var result = new List<PlanDense>();
        foreach (var (layer, at) in layers.Zip(Trailer.DenseAt))
        {
            if (layer.Inputs != width)
            {
                throw Refuse(
                    FormattableString.Invariant($"{layer.From} takes vectors of {layer.Inputs} elements, and those before it have {width}"),
                    "Outputs");
            }

            Decide("dense", layer.ToString(), layer.From);
            result.Add(new PlanDense(layer.Inputs, layer.Outputs, layer.Activation, layer.HasBias, trailerAt + at));
            width = layer.Outputs;
        }

        return result;
    }

    private bool Normalizes()
    {
        var normalizes = _options.Normalize ?? _modules.Normalizes;
        Decide("normalize", normalizes ? "yes" : "no", _options.Normalize is not null ? "metadata" : _modules.AreThere ? _modules.From : "nothing says");
        return normalizes;
    }

    private string[] Labels(int width)
    {
        var (labels, from) = LabelNames.Read(_options, _config, width);
        Decide("labels", string.Join(", ", labels), from);
        return labels;
    }

    private int MaxTokens(long? table)
    {
        var (most, from) = TextLength.Most(_options, _folder, _config, _modules, _compiled.MaxTokens, table);
        var special = _compiled.SpecialTokens(_isPair);
        if (most <= special)
        {
            throw Refuse(FormattableString.Invariant($"{from} leaves room for {most} tokens, and {special} are special ones"), "MaxTokens");
        }

        Decide("maxtokens", most.ToString(CultureInfo.InvariantCulture), from);
        return most;
    }

    private void Decide(string what, string value, string from) => _decisions.Add($"{what}: {value} ({from})");

    private CompileException Refuse(string reason, string metadata) => DiagnosticTable.UnsupportedText.Error(_options.ModelPath, null, reason, metadata);
}
