using System.Globalization;
using CompiledBert.Build.Protocol;
using CompiledBert.Compiler;
using CompiledBert.Compiler.Cost;
using CompiledBert.Compiler.Quantization;
using CompiledBert.Compiler.Reports;

namespace CompiledBert.Build.Host;

/// <summary>The metadata of a <c>BertModel</c> item, checked, with what is derived where it says nothing.</summary>
/// <param name="Options">What the compiler is asked for.</param>
/// <param name="WeightsPlace">embedded or file: where the targets put the weights. The compiler does not care.</param>
/// <param name="Precision">The numbers the model computes with.</param>
/// <param name="Report">json, html or none: which reports are written.</param>
/// <param name="Limits">What the model may take. Does not change the result, only whether it is accepted.</param>
internal sealed record ModelSettings(CompileOptions Options, string WeightsPlace, string Precision, string Report, ModelLimits Limits)
{
    /// <summary>The place of weights that are a resource of the model's assembly.</summary>
    public const string Embedded = "embedded";

    /// <summary>Name of the class.</summary>
    public string ClassName => Options.Name!;

    /// <summary>Name of the class with its namespace.</summary>
    public string FullName => Options.Namespace.Length == 0 ? ClassName : Options.Namespace + "." + ClassName;

    /// <summary>Everything that decides the result besides the files' contents, as lines.</summary>
    public string Fingerprint => string.Join('\n', [
        Options.Name, Options.Namespace, Options.IsPublic ? "public" : "internal", string.Join(';', Options.Outputs),
        Options.MaxTokens?.ToString(CultureInfo.InvariantCulture) ?? "", Options.Threads.ToString(CultureInfo.InvariantCulture), Precision,
        string.Join(';', Options.Targets),
        Path.GetFileName(Options.ModelPath), Options.Head ?? "", Options.Pooling ?? "", Options.Normalize?.ToString() ?? "", string.Join(';', Options.Labels),
        Quoted(Options.Prefix), Quoted(Options.QueryPrefix), Quoted(Options.PassagePrefix), TokenizerFromModel,
        Options.Profile?.Write() ?? "", Options.Calibration?.Hash ?? "",
    ]);

    /// <summary>The tokenizer's folder as seen from the model's, so that a project can move.</summary>
    private string TokenizerFromModel => Options.TokenizerFolder is { } folder ? Path.GetRelativePath(Path.GetDirectoryName(Options.ModelPath)!, folder) : "";

    /// <summary>No prefix is another thing than an empty one.</summary>
    private static string Quoted(string? text) => text is null ? "" : "'" + text + "'";

    /// <summary>Reads the metadata. Throws <see cref="CompileException"/> on a value that is not valid.</summary>
    public static ModelSettings From(BuildRequest.Model model, string rootNamespace, bool signatureOnly)
    {
        var metadata = new MetadataReader(model);
        var precision = metadata.OneOf("Precision");
        var access = metadata.OneOf("Access");
        var place = metadata.OneOf("Weights");
        var options = new CompileOptions
        {
            ModelPath = model.Path,
            Name = metadata.Checked(
                "Name", ModelName.IsClassName,
                "a C# class name that is neither a keyword nor a member of every model, such as " + ModelName.ClassNameFor(model.Path))
                ?? ModelName.ClassNameFor(model.Path),
            Namespace = metadata.Checked("Namespace", ModelName.IsNamespace, "a C# namespace such as MyApp.Models") ?? ModelName.NamespaceFrom(rootNamespace),
            IsPublic = access == "public",
            Outputs = metadata.List("Outputs"),
            MaxTokens = metadata.Number("MaxTokens", 1, int.MaxValue),
            Threads = metadata.Number("Threads", 1, 256) ?? 1,
            Precision = Enum.Parse<Precision>(precision, ignoreCase: true),
            Targets = metadata.List("Targets"),
            Profile = signatureOnly ? null : metadata.Checked("Profile", _ => true, "") is { } profile ? CostProfile.Read(profile, model.Path) : null,
            Calibration = signatureOnly
                ? null
                : metadata.Checked("Calibration", _ => true, "") is { } calibration ? Calibration.Read(calibration, model.Path) : null,
            SignatureOnly = signatureOnly,
            Text = true,
            Head = metadata.Choice("Head"),
            Pooling = metadata.Choice("Pooling"),
            Normalize = metadata.Choice("Normalize") is { } normalize ? normalize == "true" : null,
            Labels = metadata.List("Labels"),
            Prefix = metadata.Checked("Prefix", _ => true, ""),
            QueryPrefix = metadata.Checked("QueryPrefix", _ => true, ""),
            PassagePrefix = metadata.Checked("PassagePrefix", _ => true, ""),
            TokenizerFolder = metadata.Checked("Tokenizer", _ => true, ""),
        };
        var limits = new ModelLimits
        {
            Latency = metadata.Read(
                "LatencyBudget", Budget.ParseTimes,
                "a time at a number of tokens such as 45ms@128, or 45ms@128 on cortex-a55; several with ; between them") ?? [],
            Bytes = metadata.Read<double>(
                "SizeBudget", text => Budget.ParseSize(text) is { } size ? [size] : null, "a size such as 25MB, in B, kB, MB, GB, KiB, MiB or GiB")
                is [var bytes] ? bytes : null,
            Memory = metadata.Read("MemoryBudget", Budget.ParseMemory, "a size such as 8MB, or 8MB@128 for so many tokens; several with ; between them") ?? [],
            Baseline = metadata.Checked("Baseline", _ => true, ""),
            Tolerance = metadata.Read<double>(
                "BaselineTolerance", text => Budget.ParseShare(text) is { } part ? [part] : null, "a share such as 2%")
                is [var share] ? share : ModelLimits.UsualTolerance,
        };
        return new ModelSettings(options, place, precision, metadata.OneOf("Report"), limits);
    }

    /// <summary>Reads one item's values and says which are valid where one is not.</summary>
    private sealed class MetadataReader(BuildRequest.Model model)
    {
        public string OneOf(string name)
        {
            var valid = ItemMetadata.ValuesOf(name);
            if (!model.Metadata.TryGetValue(name, out var text))
            {
                return valid[0];
            }

            return valid.FirstOrDefault(v => string.Equals(v, text, StringComparison.OrdinalIgnoreCase)) ?? throw Invalid(name, text, string.Join(", ", valid));
        }

        public string? Choice(string name) => model.Metadata.ContainsKey(name) ? OneOf(name) : null;

        public string? Checked(string name, Func<string, bool> isValid, string description)
        {
            if (!model.Metadata.TryGetValue(name, out var text))
            {
                return null;
            }

            return isValid(text) ? text : throw Invalid(name, text, description);
        }

        public IReadOnlyList<T>? Read<T>(string name, Func<string, IReadOnlyList<T>?> parse, string description)
        {
            if (!model.Metadata.TryGetValue(name, out var text))
            {
                return null;
            }

            return parse(text) ?? throw Invalid(name, text, description);
        }

        public int? Number(string name, int least, int most)
        {
            if (!model.Metadata.TryGetValue(name, out var text))
            {
                return null;
            }

            return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
                ? number
                : throw Invalid(name, text, string.Create(CultureInfo.InvariantCulture, $"a whole number from {least} to {most}"));
        }

        public string[] List(string name) =>
            model.Metadata.TryGetValue(name, out var text)
                ? text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                : [];

        private CompileException Invalid(string name, string text, string valid) => DiagnosticTable.InvalidMetadata.Error(model.Path, null, name, text, valid);
    }
}
