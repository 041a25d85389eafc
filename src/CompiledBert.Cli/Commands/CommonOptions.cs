using System.CommandLine;
using System.Globalization;
using CompiledBert.Compiler;
using CompiledBert.Compiler.Cost;
using CompiledBert.Compiler.Quantization;

namespace CompiledBert.Cli.Commands;

/// <summary>What the commands have in common: options, lists, errors.</summary>
internal static class CommonOptions
{
    private static readonly IReadOnlyList<string> PrecisionNames = ItemMetadata.ValuesOf("Precision");

    public static Option<bool> Json() => new("--json") { Description = "Prints JSON." };

    /// <summary>The folder of the files that describe a model.</summary>
    public static Option<string?> Tokenizer() => new("--tokenizer")
    {
        Description = "The folder of the files that describe the model, where it is not the model's own: "
            + "relative to the current folder, or else to the model's.",
    };

    /// <summary>The folder that <see cref="Tokenizer"/> names.</summary>
    /// <exception cref="CompileException">There is none.</exception>
    public static string? TokenizerFolder(string? named, string modelPath) => named is null ? null
        : Compiler.TokenizerFolder.Find(named, Directory.GetCurrentDirectory(), modelPath)
            ?? throw new CompileException(Compiler.TokenizerFolder.Missing(named, Directory.GetCurrentDirectory(), modelPath));

    /// <summary>A profile to correct estimates by.</summary>
    public static Option<string?> Profile() => new("--profile")
    {
        Description = "A profile that tune wrote: estimates for its core are corrected by what was measured there.",
    };

    /// <summary>Reads a profile.</summary>
    public static CostProfile? ReadProfile(string? path) => path is null ? null : CostProfile.Read(path, path);

    /// <summary>A file that 8 bits are measured on.</summary>
    public static Option<string?> Calibration() => new("--calibration")
    {
        Description = "A file of token ids, one text a line, that --precision int8 is measured on instead of made-up ids.",
    };

    /// <summary>Reads a calibration file.</summary>
    public static Calibration? ReadCalibration(string? path) => path is null ? null : Compiler.Quantization.Calibration.Read(path, path);

    /// <summary>The precision of one model.</summary>
    public static Option<Precision> OnePrecision()
    {
        var option = new Option<Precision>("--precision")
        {
            Description = "Precision of the compiled model: fp32 or int8.",
            HelpName = "fp32|int8",
            CustomParser = result => Enum.TryParse<Precision>(result.Tokens[0].Value, ignoreCase: true, out var precision) ? precision : default,
        };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token])
            {
                CheckPrecision(result, token.Value);
            }
        });
        return option;
    }

    /// <summary>Precisions to go through.</summary>
    public static Option<string[]> Precisions(params string[] standard)
    {
        var option = new Option<string[]>("--precision")
        {
            Description = "Precisions of the compiled model: fp32, int8, or both with a comma between them.",
            DefaultValueFactory = _ => standard.Length > 0 ? standard : ["fp32"],
            AllowMultipleArgumentsPerToken = true,
        };
        option.Validators.Add(result =>
        {
            foreach (var value in Split(result.GetValueOrDefault<string[]>()))
            {
                CheckPrecision(result, value);
            }
        });
        return option;
    }

    private static void CheckPrecision(System.CommandLine.Parsing.SymbolResult result, string value)
    {
        if (!PrecisionNames.Contains(value, StringComparer.OrdinalIgnoreCase))
        {
            result.AddError(DiagnosticTable.InvalidMetadata.At(null, null, "Precision", value, string.Join(", ", PrecisionNames)).ToString());
        }
    }

    /// <summary>Precisions as given, each once.</summary>
    public static IReadOnlyList<Precision> ParsePrecisions(string[]? values) =>
        [.. Split(values).Select(value => Enum.Parse<Precision>(value, ignoreCase: true)).Distinct()];

    /// <summary>A list of numbers from 1 to a limit: <c>16,32,64</c>.</summary>
    public static Option<string[]> Numbers(string name, string description, int most, params string[] standard)
    {
        var option = new Option<string[]>(name) { Description = description, DefaultValueFactory = _ => standard, AllowMultipleArgumentsPerToken = true };
        option.Validators.Add(result =>
        {
            foreach (var value in Split(result.GetValueOrDefault<string[]>()))
            {
                if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number < 1 || number > most)
                {
                    result.AddError($"{name}: '{Diagnostic.Abbreviate(value)}' is not a whole number from 1 to {most}.");
                }
            }
        });
        return option;
    }

    public static void AtLeastOne(Option<int> option, int most = CompiledModel.MaxThreads) => option.Validators.Add(result =>
    {
        if (result.Tokens is [var token]
            && !(int.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count >= 1 && count <= most))
        {
            result.AddError($"{option.Name} must be 1 to {most}.");
        }
    });

    public static IReadOnlyList<int> ParseNumbers(string[]? values) => [.. Split(values).Select(value => int.Parse(value, CultureInfo.InvariantCulture))];

    /// <summary>Values given one by one, or several with commas between them.</summary>
    public static IReadOnlyList<string> Split(string[]? values) =>
        [.. (values ?? []).SelectMany(value => value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];

    /// <summary>Says on the error stream what a user should know of a model that was compiled.</summary>
    public static void Warn(CompileResult result)
    {
        foreach (var warning in result.Diagnostics)
        {
            Console.Error.WriteLine(warning);
        }
    }

    /// <summary>Says on the error stream why there is no result; for a failure of the compiler itself also where.</summary>
    public static int Complain(Exception refusal)
    {
        Console.Error.WriteLine(refusal is CompileException compile ? compile.Diagnostic.ToString() : refusal.Message);
        if (refusal.InnerException is Sessions.EmittedCodeException emitted)
        {
            foreach (var error in emitted.Errors.Take(20))
            {
                Console.Error.WriteLine("  " + error);
            }
        }
        else if (refusal.InnerException is { } cause)
        {
            Console.Error.WriteLine(cause);
        }

        return ExitCode.Refused;
    }
}
