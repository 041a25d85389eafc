using System.CommandLine;
using System.Globalization;
using CompiledBert.Compiler;

namespace CompiledBert.Cli.Commands;

/// <summary>The metadata of a BertModel item as options, for commands that make what a build makes.</summary>
internal sealed class ModelOptions
{
    private readonly Argument<string> _model = new("model") { Description = "The ONNX file." };
    private readonly Option<string?> _name = new("--name")
    {
        Description = "Name of the class; after the file, or after its folder for model.onnx, by default.",
    };
    private readonly Option<string?> _namespace = new("--namespace") { Description = "Namespace of the class; none by default." };
    private readonly Option<Precision> _precision = CommonOptions.OnePrecision();
    private readonly Option<string?> _calibration = CommonOptions.Calibration();
    private readonly Option<string[]> _outputs = new("--outputs")
    {
        Description = "Names of the outputs to compute, separated by commas, or * for all; the first by default.",
        AllowMultipleArgumentsPerToken = true,
    };
    private readonly Option<string?> _access = TextOptions.Choice("--access", "Access", "Who sees the class; public by default.");
    private readonly Option<string?> _weights =
        TextOptions.Choice("--weights", "Weights", "Where the weights lie: embedded in the assembly, or a file beside the app.");
    private readonly Option<int?> _threads = new("--threads") { Description = "Threads that a call uses unless the app says otherwise; 1 by default." };
    private readonly Option<string[]> _targets = new("--target", "--targets")
    {
        Description = "Cores or devices that the model is for, separated by commas; any by default.",
        AllowMultipleArgumentsPerToken = true,
    };
    private readonly Option<int?> _maxTokens = new("--max-tokens") { Description = "The most tokens of a sequence; what the model allows by default." };
    private readonly TextOptions _text = new();

    public ModelOptions()
    {
        _name.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } name && !ModelName.IsClassName(name))
            {
                var valid = "a C# class name that is neither a keyword nor a member of every model";
                result.AddError(DiagnosticTable.InvalidMetadata.At(null, null, "Name", name, valid).ToString());
            }
        });
        _namespace.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { Length: > 0 } name && !ModelName.IsNamespace(name))
            {
                result.AddError(DiagnosticTable.InvalidMetadata.At(null, null, "Namespace", name, "a C# namespace such as MyApp.Models").ToString());
            }
        });
        WholeNumber(_maxTokens, int.MaxValue);
        WholeNumber(_threads, CompiledModel.MaxThreads);
    }

    /// <summary>Gives a command the model and all options.</summary>
    public void AddTo(Command command)
    {
        command.Add(_model);
        foreach (var option in new Option[] { _name, _namespace, _access, _precision, _calibration, _outputs, _weights, _maxTokens, _threads, _targets })
        {
            command.Add(option);
        }

        _text.AddTo(command);
    }

    /// <summary>Whether weights are embedded.</summary>
    public bool IsEmbedded(ParseResult parsed) => !string.Equals(parsed.GetValue(_weights), "file", StringComparison.OrdinalIgnoreCase);

    /// <summary>The absolute path of the file of token ids; null for none.</summary>
    public string? CalibrationFile(ParseResult parsed) => parsed.GetValue(_calibration) is { } path ? Path.GetFullPath(path) : null;

    /// <summary>What was asked for, as an item's metadata; folders and files are left out, since they depend on where the project lies.</summary>
    public IReadOnlyList<(string Name, string? Value)> Metadata(ParseResult parsed) =>
    [
        ("Name", parsed.GetValue(_name)),
        ("Namespace", parsed.GetValue(_namespace)),
        ("Access", parsed.GetValue(_access)?.ToLowerInvariant()),
        ("Precision", parsed.GetValue(_precision) == Precision.Fp32 ? null : parsed.GetValue(_precision).ToString().ToLowerInvariant()),
        ("Outputs", Joined(parsed.GetValue(_outputs))),
        ("Weights", parsed.GetValue(_weights)?.ToLowerInvariant()),
        ("MaxTokens", parsed.GetValue(_maxTokens)?.ToString(CultureInfo.InvariantCulture)),
        ("Threads", parsed.GetValue(_threads)?.ToString(CultureInfo.InvariantCulture)),
        ("Targets", Joined(parsed.GetValue(_targets))),
        .. _text.Metadata(parsed),
    ];

    /// <summary>What was asked for.</summary>
    public CompileOptions Read(ParseResult parsed)
    {
        var options = new CompileOptions
        {
            ModelPath = parsed.GetRequiredValue(_model),
            Name = parsed.GetValue(_name),
            Namespace = parsed.GetValue(_namespace) ?? "",
            IsPublic = !string.Equals(parsed.GetValue(_access), "internal", StringComparison.OrdinalIgnoreCase),
            Precision = parsed.GetValue(_precision),
            Calibration = CommonOptions.ReadCalibration(parsed.GetValue(_calibration)),
            Outputs = CommonOptions.Split(parsed.GetValue(_outputs)),
            MaxTokens = parsed.GetValue(_maxTokens),
            Threads = parsed.GetValue(_threads) ?? 1,
            Targets = CommonOptions.Split(parsed.GetValue(_targets)),
        };
        return _text.ApplyTo(options, parsed);
    }

    private static string? Joined(string[]? values) => CommonOptions.Split(values) is { Count: > 0 } list ? string.Join(';', list) : null;

    private static void WholeNumber(Option<int?> option, int most) => option.Validators.Add(result =>
    {
        if (result.Tokens is [var token]
            && !(int.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= most))
        {
            result.AddError(string.Create(
                CultureInfo.InvariantCulture, $"{option.Name} must be a whole number of at least 1{(most == int.MaxValue ? "" : $" and at most {most}")}."));
        }
    });
}
