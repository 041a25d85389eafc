using System.CommandLine;
using System.Globalization;
using System.Text;
using CompiledBert.Cli.Sessions;
using CompiledBert.Compiler;
using CompiledBert.Compiler.Reports;

namespace CompiledBert.Cli.Commands;

/// <summary><c>compiledbert report</c>: what a call is estimated to cost, as a page, as JSON, as a table.</summary>
internal static class ReportCommand
{
    public static Command Create()
    {
        var model = new Argument<string>("model") { Description = "The ONNX file, or a report that a build or this command wrote (.json)." };
        var targets = new Option<string[]>("--target", "--targets")
        {
            Description = "Cores or devices, separated by commas; a few examples by default.",
            AllowMultipleArgumentsPerToken = true,
        };
        var precision = CommonOptions.OnePrecision();
        var outputs = new Option<string[]>("--outputs")
        {
            Description = "Names of the outputs to compute, separated by commas, or * for all; the first by default.",
            AllowMultipleArgumentsPerToken = true,
        };
        var tokenizer = CommonOptions.Tokenizer();
        var html = new Option<string?>("--html") { Description = "Writes the page to this file." };
        var profile = CommonOptions.Profile();
        var json = CommonOptions.Json();
        var command = new Command(
            "report",
            "Estimates what a call of a model costs, step by step, on cores and devices: a table, a page of HTML (--html), "
                + "or JSON (--json), which diff and the metadata Baseline take.")
        {
            model, targets, precision, outputs, tokenizer, profile, html, json,
        };
        command.SetAction(parsed =>
        {
            try
            {
                var options = new CompileOptions
                {
                    Text = true,
                    Profile = CommonOptions.ReadProfile(parsed.GetValue(profile)),
                    TokenizerFolder = CommonOptions.TokenizerFolder(parsed.GetValue(tokenizer), parsed.GetRequiredValue(model)),
                    ModelPath = parsed.GetRequiredValue(model),
                    Outputs = CommonOptions.Split(parsed.GetValue(outputs)),
                    Targets = CommonOptions.Split(parsed.GetValue(targets)),
                    Precision = parsed.GetValue(precision),
                };
                return Run(Of(options), parsed.GetValue(html), parsed.GetValue(json));
            }
            catch (CompileException e)
            {
                return CommonOptions.Complain(e);
            }
        });
        return command;
    }

    /// <summary>The report of a model, or the one in a file.</summary>
    /// <exception cref="CompileException">The model is refused, or the file is no report.</exception>
    public static ModelReport Of(CompileOptions options)
    {
        if (string.Equals(Path.GetExtension(options.ModelPath), ".json", StringComparison.OrdinalIgnoreCase))
        {
            return ReportFile.Read(options.ModelPath, options.ModelPath);
        }

        using var result = ModelCompilation.Run(options);
        return ModelCompilation.Guard(options.ModelPath, () =>
            ReportBuilder.Build(result, options, ModelCompilation.SourcesOf(result).Sum(s => (long)Encoding.UTF8.GetByteCount(s.Text))));
    }

    private static int Run(ModelReport report, string? html, bool json)
    {
        var text = ReportJson.Write(report);
        if (html is not null)
        {
            try
            {
                File.WriteAllText(html, ReportPage.Write(text));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw DiagnosticTable.FileInaccessible.Error(html, null, e.Message);
            }
        }

        if (json)
        {
            Console.Out.Write(text);
        }
        else
        {
            WriteTable(Console.Out, report);
            Console.Out.WriteLine(html is null ? "--html FILE writes the whole report as a page." : $"wrote {html}");
        }

        return ExitCode.Success;
    }

    private static void WriteTable(TextWriter writer, ModelReport report)
    {
        writer.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{report.Name} ({report.Source}, {report.Precision}): "
                + $"{report.SourceNodes} nodes in, {report.Steps.Count} fused steps out, weights {report.WeightsBytes / 1e6:0.0} MB"));
        foreach (var line in ReportTable.Lines(report))
        {
            writer.WriteLine(line);
        }
    }
}
