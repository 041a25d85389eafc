using CompiledBert.Compiler.Tokenizers;

namespace CompiledBert.Compiler.Heads;

/// <summary>
/// What the files of sentence-transformers say: the modules behind the network, lengths, prompts. The modules are Transformer, Pooling, any number of Dense,
/// perhaps Normalize, in that order; whatever else a list has is refused, since it changes vectors.
/// </summary>
internal sealed record SentenceModules
{
    private const string Package = "sentence_transformers.";

    /// <summary>Names under which lengths were saved, the first one that is there counts.</summary>
    private static readonly string[] Lengths =
    [
        "sentence_bert_config.json", "sentence_roberta_config.json", "sentence_distilbert_config.json", "sentence_camembert_config.json",
        "sentence_albert_config.json", "sentence_xlm-roberta_config.json", "sentence_xlnet_config.json",
    ];

    /// <summary>Names of the prompt of passages, in the order in which they are asked for.</summary>
    private static readonly string[] Passages = ["document", "passage", "corpus"];

    private static readonly string[] Order = ["Transformer", "Pooling", "Dense", "Normalize"];

    /// <summary>Whether there are such files.</summary>
    public bool AreThere { get; private init; }

    /// <summary>The file that lists the modules.</summary>
    public string From { get; private init; } = "modules.json";

    /// <summary>How vectors become one; null where no file says.</summary>
    public PoolingModule? Pooling { get; private init; }

    /// <summary>The layers behind the pooling, in order.</summary>
    public IReadOnlyList<DenseModule> Dense { get; private init; } = [];

    /// <summary>Whether vectors get length one at the end.</summary>
    public bool Normalizes { get; private init; }

    /// <summary>The most tokens of a text; null where no file says.</summary>
    public int? MaxTokens { get; private init; }

    /// <summary>The file that says so.</summary>
    public string MaxTokensFrom { get; private init; } = "";

    /// <summary>Put before every text.</summary>
    public string Prefix { get; private init; } = "";

    /// <summary>Put before queries; null where they are not told apart.</summary>
    public string? QueryPrefix { get; private init; }

    /// <summary>Put before passages; null where they are not told apart.</summary>
    public string? PassagePrefix { get; private init; }

    /// <summary>The folder of the network's own files, where it is not the model's: older models have 0_Transformer.</summary>
    public static string? FolderOfNetwork(ModelFolder folder) =>
        folder.Read("modules.json") is { } list && list.Items() is [var first, ..]
        && NameOf(first) == "Transformer" && first["path"].TextOrNull() is { Length: > 0 } path
            ? path
            : null;

    /// <summary>Reads them for a model that embeds.</summary>
    public static SentenceModules Read(ModelFolder folder)
    {
        var result = folder.Read("modules.json") is { } list ? OfList(folder, list) : OfPoolingAlone(folder);
        return WithLength(folder, result);
    }

    /// <summary>Lengths alone, for a model that does something else.</summary>
    public static SentenceModules ReadLengths(ModelFolder folder) => WithLength(folder, new SentenceModules());

    private static SentenceModules OfPoolingAlone(ModelFolder folder)
    {
        var pooling = folder.Read(Path.Combine("1_Pooling", "config.json"));
        if (folder.Find(Path.Combine("2_Dense", "config.json")) is { } dense)
        {
            throw DiagnosticTable.UnsupportedText.Error(dense, null, "there is a 2_Dense and no modules.json, which would say what comes when", "Head");
        }

        var prompts = Prompts(folder);
        var module = pooling is { } file ? new PoolingModule(file, "1_Pooling/config.json") : null;
        return prompts with { AreThere = pooling is not null, From = "1_Pooling/config.json", Pooling = module };
    }

    private static SentenceModules OfList(ModelFolder folder, JsonPart list)
    {
        PoolingModule? pooling = null;
        var dense = new List<DenseModule>();
        var (last, normalizes) = (-1, false);
        foreach (var module in list.Items())
        {
            var name = NameOf(module);
            var place = Array.IndexOf(Order, name);
            var isRepeated = place == last && name != "Dense";
            if (place < 0)
            {
                throw DiagnosticTable.UnsupportedText.Error(list.File, null, $"the module {module["type"].Text()} is not supported", "Head");
            }

            if (place < last || isRepeated || (last < 0 && place != 0) || (last == 0 && place != 1))
            {
                throw DiagnosticTable.UnsupportedText.Error(
                    list.File, null, $"{name} does not stand where it can be compiled: the order is Transformer, Pooling, Dense, Normalize", "Head");
            }

            last = place;
            var path = module["path"].TextOrNull() ?? "";
            switch (name)
            {
                case "Pooling":
                    var file = Path.Combine(path, "config.json");
                    pooling = new PoolingModule(
                        folder.Read(file)
                            ?? throw DiagnosticTable.UnsupportedText.Error(
                                list.File, null, $"it names {file.Replace('\\', '/')}, which is not there", "Tokenizer"),
                        file.Replace('\\', '/'));
                    break;
                case "Dense":
                    dense.Add(DenseModule.Read(folder, module, path));
                    break;
                case "Normalize":
                    normalizes = true;
                    break;
                default:
                    break;
            }
        }

        if (pooling is null && last == 0)
        {
            throw DiagnosticTable.UnsupportedText.Error(list.File, null, "it has no Pooling", "Head");
        }

        return Prompts(folder) with { AreThere = true, Pooling = pooling, Dense = dense, Normalizes = normalizes };
    }

    /// <summary>The last part of a module's type, where it is one of the package's own: what others do is not known.</summary>
    private static string NameOf(JsonPart module)
    {
        var type = module["type"].Text();
        return type.StartsWith(Package, StringComparison.Ordinal) ? type[(type.LastIndexOf('.') + 1)..] : type;
    }

    private static SentenceModules WithLength(ModelFolder folder, SentenceModules modules)
    {
        if (Lengths.Select(folder.Read).OfType<JsonPart>().Select(file => (JsonPart?)file).FirstOrDefault() is not { } settings)
        {
            return modules;
        }

        return settings["do_lower_case"].Flag(false)
            ? throw DiagnosticTable.UnsupportedText.Error(
                    settings.File, null, "do_lower_case, which changes texts before the tokenizer does, is not supported", "Head")
            : modules with { MaxTokens = settings["max_seq_length"].NumberIfThere(), MaxTokensFrom = Path.GetFileName(settings.File) };
    }

    private static SentenceModules Prompts(ModelFolder folder)
    {
        if (folder.Read("config_sentence_transformers.json") is not { } settings)
        {
            return new SentenceModules();
        }

        if (settings["truncate_dim"] is { IsNull: false } dimensions)
        {
            throw DiagnosticTable.UnsupportedText.Error(
                settings.File, null, $"truncate_dim, which makes vectors {dimensions.Number()} elements long, is not supported", "Head");
        }

        if (settings["model_type"].TextOrNull() is { } kind && kind != "SentenceTransformer")
        {
            throw DiagnosticTable.UnsupportedText.Error(settings.File, null, $"model_type is {kind}, which makes no dense vectors of texts", "Head");
        }

        var prompts = settings["prompts"];
        if (prompts.IsNull)
        {
            return new SentenceModules();
        }

        var usual = settings["default_prompt_name"].TextOrNull();
        return new SentenceModules
        {
            Prefix = usual is null ? "" : prompts[usual].Text(),
            QueryPrefix = prompts["query"].TextOrNull(),
            PassagePrefix = Passages.Select(name => prompts[name].TextOrNull()).FirstOrDefault(text => text is not null),
        };
    }
}
