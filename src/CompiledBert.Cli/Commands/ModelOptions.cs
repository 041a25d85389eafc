using System.CommandLine;
using System.Globalization;
using CompiledBert.Compiler;

namespace CompiledBert.Cli.Commands;

/// <summary>The metadata of a BertModel item as options, for commands that make what a build makes.</summary>
internal sealed class ModelOptions
{
    private readonly Argument<string> _model = new("model") { Description = "The ONNX file." };
    private readonly Option<string?> _name = new("--name") { Description = "Name of the class; after the file, or after its folder for model.onnx, by default." };
    private readonly Option<string?> _namespace = new("--namespace") { Description = "Namespace of the class; none by default." };
    private readonly Option<Precision> _precision = CommonOptions.OnePrecision();
    private readonly Option<string?> _calibration = CommonOptions.Calibration();
    private readonly Option<string[]> _outputs = new("--outputs") { Description = "Names of the outputs to compute, separated by commas, or * for all; the first by default.", AllowMultipleArgumentsPerToken = true };
    private readonly Option<string?> _weights = new("--weights") { Description = "Where the weights lie: embedded in the assembly, or a file beside the app." };
    private readonly Option<int?> _maxTokens = new("--max-tokens") { Description = "The most tokens of a sequence; what the model allows by default." };
    private readonly Option<string?> _head = new("--head") { Description = "What the model makes of texts; what the files beside it say by default." };
    private readonly Option<string?> _tokenizer = new("--tokenizer") { Description = "The folder of the files that describe the model, where it is not the model's own." };

    public ModelOptions()
    {
        _weights.AcceptOnlyFromAmong("embedded", "file");
        _head.AcceptOnlyFromAmong("embed", "classify", "tag", "answer", "score", "mask", "raw");
        _name.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } name && !ModelName.IsClassName(name))
            {
                result.AddError(DiagnosticTable.InvalidMetadata.At(null, null, "Name", name, "a C# class name that is neither a keyword nor a member of every model").ToString());
            }
        });
        _namespace.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { Length: > 0 } name && !ModelName.IsNamespace(name))
            {
                result.AddError(DiagnosticTable.InvalidMetadata.At(null, null, "Namespace", name, "a C# namespace such as MyApp.Models").ToString());
            }
        });
        _maxTokens.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !(int.TryParse(token.Value, out var most) && most >= 1))
            {
                result.AddError("--max-tokens must be a whole number of at least 1.");
            }
        });
    }

    /// <summary>Gives a command the model and all options.</summary>
    public void AddTo(Command command)
    {
        command.Add(_model);
        foreach (var option in new Option[] { _name, _namespace, _precision, _calibration, _outputs, _weights, _maxTokens, _head, _tokenizer })
        {
            command.Add(option);
        }
    }

    /// <summary>Whether weights are embedded.</summary>
    public bool IsEmbedded(ParseResult parsed) => parsed.GetValue(_weights) != "file";

    /// <summary>What was asked for, as an item's metadata; the tokenizer's folder is left out, as it is relative to the model.</summary>
    public IReadOnlyList<(string Name, string? Value)> Metadata(ParseResult parsed)
    {
        var outputs = CommonOptions.Split(parsed.GetValue(_outputs));
        return
        [
            ("Name", parsed.GetValue(_name)),
            ("Namespace", parsed.GetValue(_namespace)),
            ("Precision", parsed.GetValue(_precision) == Precision.Fp32 ? null : parsed.GetValue(_precision).ToString().ToLowerInvariant()),
            ("Outputs", outputs.Count == 0 ? null : string.Join(';', outputs)),
            ("Weights", parsed.GetValue(_weights)),
            ("MaxTokens", parsed.GetValue(_maxTokens)?.ToString(CultureInfo.InvariantCulture)),
            ("Head", parsed.GetValue(_head)),
        ];
    }

    /// <summary>What was asked for.</summary>
    public CompileOptions Read(ParseResult parsed) => new()
    {
        ModelPath = parsed.GetRequiredValue(_model),
        Text = true,
        Name = parsed.GetValue(_name),
        Namespace = parsed.GetValue(_namespace) ?? "",
        Precision = parsed.GetValue(_precision),
        Calibration = CommonOptions.ReadCalibration(parsed.GetValue(_calibration)),
        Outputs = CommonOptions.Split(parsed.GetValue(_outputs)),
        MaxTokens = parsed.GetValue(_maxTokens),
        Head = parsed.GetValue(_head),
        TokenizerFolder = parsed.GetValue(_tokenizer) is { } folder ? Path.GetFullPath(folder) : null,
    };
}
