using System.Globalization;
using System.CommandLine;
using CompiledBert.Cli.Verification;
using CompiledBert.Compiler;

namespace CompiledBert.Cli.Commands;

/// <summary><c>compiledbert verify</c>: does a compiled model compute what its test data say?</summary>
internal static class VerifyCommand
{
    public static Command Create()
    {
        var model = new Argument<string>("model") { Description = "The ONNX file, or a folder: then every model in it that has test data." };
        var outputs = new Option<string[]>("--outputs")
        {
            Description = "Names of the outputs to compute, separated by commas; all by default.",
            AllowMultipleArgumentsPerToken = true,
        };
        var tolerance = new Option<double?>("--tolerance")
        {
            Description = "Largest difference allowed, as a share of the reference's largest element. "
                + "Default: suggested_tolerance of a meta.json beside the model, else 1e-4; "
                + "for int8 a cosine of at least 0.99, and three tenths of the scale.",
        };
        var precision = CommonOptions.OnePrecision();
        var threads = new Option<int>("--threads") { Description = "Threads of the calls.", DefaultValueFactory = _ => 1 };
        var json = CommonOptions.Json();
        CommonOptions.AtLeastOne(threads);
        tolerance.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !(double.TryParse(token.Value, CultureInfo.InvariantCulture, out var value) && value >= 0))
            {
                result.AddError("--tolerance must be a number of at least 0.");
            }
        });

        var command = new Command(
            "verify",
            "Compiles a model and runs every test_data_set_* beside it. "
                + "Exit code 0 only if all outputs agree; 1 where one differs, 3 where the model is refused, 4 where there are no test data.")
        {
            model, outputs, tolerance, precision, threads, json,
        };
        command.SetAction(parsed =>
        {
            var path = parsed.GetRequiredValue(model);
            var names = CommonOptions.Split(parsed.GetValue(outputs));
            var allowed = parsed.GetValue(tolerance) is { } share ? new Tolerance(0, 0, share) : null;
            return Run(path, names.Count == 0 ? ["*"] : names, allowed, parsed.GetValue(precision), parsed.GetValue(threads), parsed.GetValue(json));
        });
        return command;
    }

    private static int Run(string path, IReadOnlyList<string> outputs, Tolerance? tolerance, Precision precision, int threads, bool json)
    {
        var isFolder = Directory.Exists(path);
        var models = isFolder ? ModelsIn(path) : [path];
        if (models.Count == 0)
        {
            Console.Error.WriteLine($"{path}: no .onnx file in this folder has test data beside it.");
            return ExitCode.NoData;
        }

        var verifications = new List<Verification.Verification>();
        using var progress = ProgressLine.OnErrorStream();
        foreach (var model in models)
        {
            progress.Say(FormattableString.Invariant($"verifying {verifications.Count + 1} of {models.Count}, {model}"));
            var verification = Verifier.Verify(model, outputs, tolerance, precision, threads);
            verifications.Add(verification);
            progress.Clear();
            if (!isFolder)
            {
                Complain(verification);
            }
        }

        if (json)
        {
            VerifyReport.WriteJson(verifications, isFolder);
        }
        else if (isFolder)
        {
            VerifyReport.WriteSummary(Console.Out, path, verifications);
        }
        else if (verifications[0].Refusal is null)
        {
            VerifyReport.WriteDetails(Console.Out, verifications[0]);
        }

        // The gravest first: a wrong result is worse than a refusal.
        return verifications.Select(v => v.Code).OrderBy(code => code switch
        {
            ExitCode.Disagrees => 0,
            ExitCode.Refused => 1,
            ExitCode.NoData => 2,
            _ => 3,
        }).First();
    }

    private static void Complain(Verification.Verification verification)
    {
        if (verification.Refusal is { } refusal)
        {
            CommonOptions.Complain(refusal);
        }
        else if (verification.Code == ExitCode.NoData)
        {
            Console.Error.WriteLine($"{verification.Model}: there is no folder test_data_set_* beside the model, so there is nothing to verify it against.");
        }
    }

    private static List<string> ModelsIn(string folder) =>
    [
        .. Directory.EnumerateFiles(folder, "*.onnx", SearchOption.AllDirectories)
            .Where(path => DataSet.Beside(path).Count > 0)
            .Order(StringComparer.Ordinal),
    ];
}
