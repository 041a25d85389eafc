using System.CommandLine;
using CompiledBert.Cli.Benchmarks;
using CompiledBert.Compiler;

namespace CompiledBert.Cli.Commands;

/// <summary><c>compiledbert tune</c>: measures this machine and writes how far estimates are off, for the metadata Profile.</summary>
internal static class TuneCommand
{
    public static Command Create()
    {
        var model = new Argument<string>("model") { Description = "The ONNX file whose steps are measured." };
        var output = new Option<string>("--output", "-o") { Description = "The profile to write.", Required = true };
        var tokens = CommonOptions.Numbers("--tokens", "Lengths of the sequence.", int.MaxValue, "16", "64", "128");
        var precision = CommonOptions.Precisions("fp32", "int8");
        var target = new Option<string?>("--target") { Description = "The core that this machine has, where it is not recognised." };
        var seconds = new Option<double>("--seconds") { Description = "Time for each length and precision.", DefaultValueFactory = _ => 2.0 };
        var json = CommonOptions.Json();
        var command = new Command(
            "tune",
            "Measures every kind of step on this machine beside its estimate, and writes the corrections as a profile: "
                + "--profile, and the metadata Profile, apply it.")
        {
            model, output, tokens, precision, target, seconds, json,
        };
        command.SetAction(parsed =>
        {
            try
            {
                var options = new CompileOptions { ModelPath = parsed.GetRequiredValue(model) };
                var host = HostCore.DetectOr(parsed.GetValue(target), options.ModelPath);
                var steps = new StepBenchmark
                {
                    Options = options,
                    Precisions = CommonOptions.ParsePrecisions(parsed.GetValue(precision)),
                    Tokens = CommonOptions.ParseNumbers(parsed.GetValue(tokens)),
                    Core = host.Core,
                    Time = TimeSpan.FromSeconds(Math.Clamp(parsed.GetValue(seconds), 0.01, 3600)),
                };
                var tuning = Tuning.Of(host, [.. steps.Run()]);
                Write(parsed.GetRequiredValue(output), tuning.Profile.Write());
                if (parsed.GetValue(json))
                {
                    tuning.WriteJson();
                }
                else
                {
                    tuning.Write(Console.Out);
                    Console.Out.WriteLine($"wrote {parsed.GetRequiredValue(output)}");
                }

                return ExitCode.Success;
            }
            catch (Exception e) when (e is CompileException or BenchmarkException)
            {
                return CommonOptions.Complain(e);
            }
        });
        return command;
    }

    private static void Write(string path, string text)
    {
        var temporary = path + "." + Guid.NewGuid().ToString("N");
        try
        {
            File.WriteAllText(temporary, text);
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw DiagnosticTable.FileInaccessible.Error(path, null, e.Message);
        }
    }
}
