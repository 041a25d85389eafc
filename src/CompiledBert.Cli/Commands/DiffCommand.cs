using System.CommandLine;
using System.Globalization;
using CompiledBert.Compiler;
using CompiledBert.Compiler.Reports;

namespace CompiledBert.Cli.Commands;

/// <summary><c>compiledbert diff</c>: what a change costs, between two reports or two models.</summary>
internal static class DiffCommand
{
    private const int ShownSteps = 10;

    public static Command Create()
    {
        var before = new Argument<string>("before") { Description = "A report (.json) or an ONNX file." };
        var after = new Argument<string>("after") { Description = "Another." };
        var targets = new Option<string[]>("--target", "--targets")
        {
            Description = "Cores or devices for which models are estimated; reports have their own.",
            AllowMultipleArgumentsPerToken = true,
        };
        var precision = CommonOptions.OnePrecision();
        var tolerance = new Option<string?>("--tolerance")
        {
            Description = "How much worse the second may be, such as 2%; more is exit code 1. Without, the exit code is 0 whatever differs.",
        };
        tolerance.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } text && Budget.ParseShare(text) is null)
            {
                result.AddError("--tolerance is a share such as 2%.");
            }
        });
        var json = CommonOptions.Json();
        var command = new Command("diff", "Compares two reports or models: estimated time on each target at each length, sizes, and which steps grew.")
        {
            before, after, targets, precision, tolerance, json,
        };
        command.SetAction(parsed =>
        {
            try
            {
                ModelReport Read(string path) => ReportCommand.Of(new CompileOptions
                {
                    ModelPath = path,
                    Text = true,
                    Targets = CommonOptions.Split(parsed.GetValue(targets)),
                    Precision = parsed.GetValue(precision),
                });

                var comparison = ReportComparison.Of(Read(parsed.GetRequiredValue(before)), Read(parsed.GetRequiredValue(after)));
                if (parsed.GetValue(json))
                {
                    WriteJson(comparison);
                }
                else
                {
                    Write(Console.Out, comparison);
                }

                return parsed.GetValue(tolerance) is { } share && comparison.Worse(Budget.ParseShare(share)!.Value).Count > 0
                    ? ExitCode.Disagrees
                    : ExitCode.Success;
            }
            catch (CompileException e)
            {
                return CommonOptions.Complain(e);
            }
        });
        return command;
    }

    private static void Write(TextWriter writer, ReportComparison comparison)
    {
        var (before, after) = (comparison.Before, comparison.After);
        WriteSize(writer, "steps", before.Steps.Count, after.Steps.Count);
        WriteSize(writer, "weights, bytes", before.WeightsBytes, after.WeightsBytes);
        foreach (var call in comparison.Calls)
        {
            writer.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{call.Target.Label}, {call.Tokens?.ToString(CultureInfo.InvariantCulture) ?? "fixed"} tokens, estimated ms: "
                    + $"{ReportTable.Number(call.Before)} -> {ReportTable.Number(call.After)} ({100 * call.Growth:+0.0;-0.0;0.0} %)"));
        }

        if (comparison.Calls.Count == 0)
        {
            writer.WriteLine("The two have no target and length in common.");
        }
        else if (comparison.Calls.OrderByDescending(c => Math.Abs(c.Growth)).First() is { Steps.Count: > 0 } most)
        {
            writer.WriteLine($"steps that differ, {most.Target.Label}, {most.Tokens?.ToString(CultureInfo.InvariantCulture) ?? "fixed"} tokens, estimated ms:");
            foreach (var step in most.Steps.OrderByDescending(s => Math.Abs(s.Growth)).Take(ShownSteps))
            {
                writer.WriteLine($"  {Number(step.Before),9} -> {Number(step.After),-9}  {step.Title}");
            }
        }
    }

    private static string Number(double? milliseconds) => milliseconds is { } known ? ReportTable.Number(known) : "-";

    private static void WriteSize(TextWriter writer, string what, long before, long after) => writer.WriteLine(string.Create(
        CultureInfo.InvariantCulture, $"{what}: {before} -> {after} ({100.0 * (after - before) / Math.Max(1, before):+0.0;-0.0;0.0} %)"));

    private static void WriteJson(ReportComparison comparison) => JsonOutput.WriteObject(json =>
    {
        json.WriteNumber("weightsBytesBefore", comparison.Before.WeightsBytes);
        json.WriteNumber("weightsBytesAfter", comparison.After.WeightsBytes);
        json.WriteAll("calls", comparison.Calls, call =>
        {
            json.WriteString("target", call.Target.Target);
            json.WriteString("core", call.Target.Core);
            json.WriteWhole("tokens", call.Tokens);
            json.WriteFinite("beforeMs", call.Before);
            json.WriteFinite("afterMs", call.After);
            json.WriteAll("steps", call.Steps, step =>
            {
                json.WriteString("title", step.Title);
                json.WriteFinite("beforeMs", step.Before);
                json.WriteFinite("afterMs", step.After);
            });
        });
    });
}
