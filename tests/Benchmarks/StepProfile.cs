using System.Diagnostics;
using CompiledBert.Cli.Benchmarks;
using CompiledBert.Cli.Sessions;
using CompiledBert.Compiler;

namespace CompiledBert.Benchmarks;

/// <summary>
/// Where a call's time goes: each step's share, and for linear steps the share of the multiply-adds that the machine could have done meanwhile.
/// </summary>
internal static class StepProfile
{
    public static void Print(string modelPath, IReadOnlyList<int> lengths, int threads, Precision precision, TextWriter writer)
    {
        using var session = ModelSession.Compile(new CompileOptions { ModelPath = modelPath, Precision = precision }, timeSteps: true);
        session.Model.Threads = threads;
        var peak = FmaPeak.Measure();
        writer.WriteLine(FormattableString.Invariant($"{Instructions.Description}; peak of one core {peak / 1e9:0.0} Gflop/s"));
        foreach (var tokens in lengths)
        {
            var call = session.Prepare(Workload.Make(session.Plan, 1, tokens));
            var best = Best(session, call);
            var total = best.Sum();
            writer.WriteLine(FormattableString.Invariant($"{tokens} tokens: {total:0.000} ms"));
            foreach (var kind in session.Plan.Steps.Select((s, i) => (Step: s, Ms: best[i])).GroupBy(s => Kind(s.Step)))
            {
                var flops = kind.Sum(s => Flops(s.Step, tokens));
                var (ms, share) = (kind.Sum(s => s.Ms), flops / (kind.Sum(s => s.Ms) / 1e3) / peak / threads);
                writer.WriteLine(FormattableString.Invariant(
                    $"  {kind.Key,-36} {kind.Count(),3} steps  {ms,8:0.000} ms  {100 * ms / total,5:0.0} %   {(flops > 0 ? 100 * share : 0),5:0.0} % of peak"));
            }
        }
    }

    /// <summary>Multiply-adds of a step's products, as operations.</summary>
    public static double Flops(Step step, int tokens)
    {
        double Value(Dim dim) => dim.Evaluate(s => s.Name == "B" ? 1 : tokens);
        return step switch
        {
            LinearStep linear => 2.0 * Value(linear.Rows) * linear.K * linear.N,
            AttentionStep attention =>
                2.0 * Value(attention.Batch) * attention.Heads * Value(attention.Queries) * Value(attention.Keys) * (attention.HeadSize + attention.ValueSize),
            _ => 0,
        };
    }

    // The layers' steps of one kind count together: the title without its layer.
    private static string Kind(Step step) =>
        step.Title.Contains('·', StringComparison.Ordinal)
            ? step.Title[(step.Title.IndexOf('·', StringComparison.Ordinal) + 2)..]
            : step.Title;

    private static double[] Best(ModelSession session, PreparedCall call)
    {
        var ticks = session.StepTicks!;
        var best = Enumerable.Repeat(double.MaxValue, ticks.Length).ToArray();
        for (var start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start).TotalSeconds < 1;)
        {
            Array.Clear(ticks);
            call.Invoke();
            for (var i = 0; i < ticks.Length; i++)
            {
                best[i] = Math.Min(best[i], ticks[i] * 1e3 / Stopwatch.Frequency);
            }
        }

        return best;
    }
}
