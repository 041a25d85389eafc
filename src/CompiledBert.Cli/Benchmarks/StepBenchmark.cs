using System.Diagnostics;
using CompiledBert.Cli.Sessions;
using CompiledBert.Compiler;
using CompiledBert.Compiler.Cost;
using CompiledBert.Compiler.Targets;

namespace CompiledBert.Cli.Benchmarks;

/// <summary>One step, measured and estimated.</summary>
/// <param name="Step">The step.</param>
/// <param name="MeasuredMs">The median of its times, milliseconds.</param>
/// <param name="EstimatedMs">What the cost model says; null where it does not know.</param>
internal sealed record StepTime(Step Step, double MeasuredMs, double? EstimatedMs);

/// <summary>The steps of one model at one length.</summary>
/// <param name="Precision">Precision of the model that ran.</param>
/// <param name="Tokens">Tokens of the sequence.</param>
/// <param name="Core">The core that is estimated, at the clock that was measured.</param>
/// <param name="CallMs">The median of whole calls of the model as it is built, without the clocks around steps, milliseconds.</param>
/// <param name="Steps">The steps in order.</param>
internal sealed record StepTimes(string Precision, int Tokens, Core Core, double CallMs, IReadOnlyList<StepTime> Steps)
{
    /// <summary>Sum of the steps.</summary>
    public double MeasuredMs => Steps.Sum(s => s.MeasuredMs);

    /// <summary>Sum of the estimates that are known.</summary>
    public double EstimatedMs => Steps.Sum(s => s.EstimatedMs ?? 0);

    /// <summary>Steps whose cost is not known.</summary>
    public int UnknownSteps => Steps.Count(s => s.EstimatedMs is null);
}

/// <summary>
/// Measures steps in a build of its own, with a clock around each, and lays the estimate beside. The code of a step is that of any build; one thread.
/// </summary>
internal sealed class StepBenchmark
{
    private const int CallsBeforeMeasuring = 3;
    private const int LeastCalls = 5;

    /// <summary>Times that are kept of each step: enough for a median that stands still.</summary>
    private const int MostCalls = 20_000;

    public required CompileOptions Options { get; init; }

    public required IReadOnlyList<Precision> Precisions { get; init; }

    public required IReadOnlyList<int> Tokens { get; init; }

    /// <summary>The core whose cost is estimated.</summary>
    public required Core Core { get; init; }

    /// <summary>Measuring time for each precision and length.</summary>
    public TimeSpan Time { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Measures; the lengths come one by one.</summary>
    public IEnumerable<StepTimes> Run()
    {
        using var progress = ProgressLine.OnErrorStream();
        foreach (var precision in Precisions)
        {
            var options = Options with { Precision = precision };
            using var timed = ModelSession.Compile(options, timeSteps: true);
            using var built = ModelSession.Compile(options);
            foreach (var tokens in Tokens)
            {
                progress.Say(FormattableString.Invariant($"measuring steps, {precision.ToString().ToLowerInvariant()}, {tokens} tokens"));
                var times = Measure(timed, built, precision, tokens);
                progress.Clear();
                yield return times;
            }
        }
    }

    private StepTimes Measure(ModelSession timed, ModelSession built, Precision precision, int tokens)
    {
        var inputs = Workload.Make(timed.Plan, 1, tokens);
        var (call, whole) = (timed.Prepare(inputs), built.Prepare(inputs));
        var ticks = timed.StepTicks!;
        for (var i = 0; i < CallsBeforeMeasuring; i++)
        {
            call.Invoke();
            whole.Invoke();
        }

        // In turns: both meet the same moods of the machine, clock included.
        var times = ticks.Select(_ => new List<double>()).ToList();
        var calls = new List<double>();
        var gigahertz = 0.0;
        for (var start = Stopwatch.GetTimestamp(); calls.Count < LeastCalls || (Stopwatch.GetElapsedTime(start) < Time && calls.Count < MostCalls);)
        {
            if (calls.Count % 100 == 0)
            {
                gigahertz = Math.Max(gigahertz, HostClock.MeasureGigahertz());
            }

            Array.Clear(ticks);
            call.Invoke();
            for (var i = 0; i < ticks.Length; i++)
            {
                times[i].Add(ticks[i] * 1e3 / Stopwatch.Frequency);
            }

            var before = Stopwatch.GetTimestamp();
            whole.Invoke();
            calls.Add(Stopwatch.GetElapsedTime(before).TotalMilliseconds);
        }

        var core = Core with { Gigahertz = Math.Round(gigahertz, 2) };
        var cost = CostModel.Estimate(timed.Plan, core, 1, tokens);
        return new StepTimes(
            precision.ToString().ToLowerInvariant(), tokens, core, Median(calls),
            [.. cost.Steps.Select((s, i) => new StepTime(s.Step, Median(times[i]), s.Cycles / core.Gigahertz / 1e6))]);
    }

    private static double Median(List<double> times)
    {
        times.Sort();
        return times[times.Count / 2];
    }
}
