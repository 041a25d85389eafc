using System.CommandLine;
using CompiledBert.Cli.Benchmarks;
using CompiledBert.Compiler;

namespace CompiledBert.Cli.Commands;

/// <summary><c>compiledbert bench</c>: how long a call takes, beside ONNX Runtime when asked.</summary>
internal static class BenchCommand
{
    public static Command Create()
    {
        var model = new Argument<string>("model") { Description = "The ONNX file." };
        var tokens = CommonOptions.Numbers("--tokens", "Lengths of the sequence.", int.MaxValue, "16", "32", "64", "128", "256");
        var threads = CommonOptions.Numbers("--threads", "Numbers of threads.", CompiledModel.MaxThreads, "1");
        var batch = new Option<int>("--batch") { Description = "Sequences a call, all of the same length.", DefaultValueFactory = _ => 1 };
        var outputs = new Option<string[]>("--outputs")
        {
            Description = "Names of the outputs to compute, separated by commas, or * for all; the first by default.",
            AllowMultipleArgumentsPerToken = true,
        };
        var precision = CommonOptions.Precisions();
        var against = new Option<string?>("--against") { Description = "Another engine to run in turns with: onnxruntime." };
        against.AcceptOnlyFromAmong("onnxruntime");
        var againstModel = new Option<string?>("--against-model") { Description = "The model that the other engine runs; the same by default." };
        var seconds = new Option<double>("--seconds") { Description = "Time for each engine, length and number of threads.", DefaultValueFactory = _ => 1.0 };
        var steps = new Option<bool>("--steps")
        {
            Description = "Measures every step instead, beside what the cost model estimates for this machine's core; one thread.",
        };
        var target = new Option<string?>("--target") { Description = "The core to estimate with --steps; the one of this machine by default." };
        var profile = CommonOptions.Profile();
        var json = CommonOptions.Json();
        CommonOptions.AtLeastOne(batch);

        var command = new Command("bench", "Measures calls of a compiled model: minimum and median milliseconds.")
        {
            model, tokens, threads, batch, outputs, precision, against, againstModel, seconds, steps, target, profile, json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(againstModel) is not null && result.GetValue(against) is null)
            {
                result.AddError("--against-model needs --against onnxruntime.");
            }

            if (result.GetValue(steps)
                && (result.GetValue(against) is not null || result.GetResult(threads) is { Implicit: false } || result.GetResult(batch) is { Implicit: false }))
            {
                result.AddError("--steps measures one sequence on one thread, without another engine.");
            }

            if (result.GetValue(target) is not null && !result.GetValue(steps))
            {
                result.AddError("--target needs --steps.");
            }
        });
        command.SetAction(parsed =>
        {
            var path = parsed.GetRequiredValue(model);
            Benchmark Make() => new()
            {
                Options = new CompileOptions
                {
                    ModelPath = path,
                    Outputs = CommonOptions.Split(parsed.GetValue(outputs)),
                    Profile = CommonOptions.ReadProfile(parsed.GetValue(profile)),
                },
                AgainstModel = parsed.GetValue(against) is null ? null : parsed.GetValue(againstModel) ?? path,
                Precisions = CommonOptions.ParsePrecisions(parsed.GetValue(precision)),
                Tokens = CommonOptions.ParseNumbers(parsed.GetValue(tokens)),
                Threads = CommonOptions.ParseNumbers(parsed.GetValue(threads)),
                Batch = parsed.GetValue(batch),
                Time = TimeSpan.FromSeconds(Math.Clamp(parsed.GetValue(seconds), 0.01, 3600)),
            };
            try
            {
                var benchmark = Make();
                return parsed.GetValue(steps) ? RunSteps(benchmark, parsed.GetValue(target), parsed.GetValue(json)) : Run(benchmark, parsed.GetValue(json));
            }
            catch (Exception e) when (e is CompileException or BenchmarkException)
            {
                return CommonOptions.Complain(e);
            }
        });
        return command;
    }

    private static int Run(Benchmark benchmark, bool json)
    {
        if (json)
        {
            BenchReport.WriteJson([.. benchmark.Run()]);
            return ExitCode.Success;
        }

        BenchReport.WriteHead(Console.Out);
        foreach (var row in benchmark.Run())
        {
            BenchReport.WriteRow(Console.Out, row);
        }

        return ExitCode.Success;
    }

    private static int RunSteps(Benchmark benchmark, string? target, bool json)
    {
        var host = HostCore.DetectOr(target, benchmark.Options.ModelPath);
        var core = benchmark.Options.Profile?.ApplyTo(host.Core) ?? host.Core;
        var steps = new StepBenchmark
        {
            Options = benchmark.Options,
            Precisions = benchmark.Precisions,
            Tokens = benchmark.Tokens,
            Core = core,
            Time = benchmark.Time,
        };
        if (json)
        {
            List<StepTimes> all = [.. steps.Run()];
            JsonOutput.WriteObject(document =>
            {
                document.WriteTexts("instructions", Instructions.Description.Split(", "));
                document.WriteBoolean("isCoreKnown", host.IsKnown);
                document.WriteAll("calls", all, times => StepTable.WriteFields(document, times));
            });
            return ExitCode.Success;
        }

        Console.Out.WriteLine($"instructions: {Instructions.Description}");
        Console.Out.WriteLine($"core: {host.Description}");
        foreach (var times in steps.Run())
        {
            StepTable.Write(Console.Out, times);
        }

        return ExitCode.Success;
    }
}
