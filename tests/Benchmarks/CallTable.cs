using System.Diagnostics;
using CompiledBert.Cli.Benchmarks;
using CompiledBert.Cli.Sessions;
using CompiledBert.Compiler;

namespace CompiledBert.Benchmarks;

/// <summary>Calls of one sequence beside ONNX Runtime on the same file, in turns.</summary>
internal static class CallTable
{
    public static void Print(string modelPath, IReadOnlyList<int> lengths, IReadOnlyList<int> threads, TimeSpan time, TextWriter writer)
    {
        var peak = FmaPeak.Measure();
        writer.WriteLine(FormattableString.Invariant($"{Instructions.Description}; peak of one core {peak / 1e9:0.0} Gflop/s"));
        writer.WriteLine("threads  tokens   ours: min  median   onnxruntime: min  median    ratio: min  median   of peak   outside products");
        var rows = new Benchmark
        {
            Options = new CompileOptions { ModelPath = modelPath }, AgainstModel = modelPath, Tokens = lengths, Threads = threads, Time = time,
        }.Run().ToList();
        foreach (var thread in threads)
        {
            var ratios = new List<(double Min, double Median)>();
            foreach (var tokens in lengths)
            {
                var (own, other) = (Row("compiledbert"), Row("onnxruntime"));
                ratios.Add((other.MinMs / own.MinMs, other.MedianMs / own.MedianMs));
                var (flops, outside) = (Flops(modelPath, tokens), thread == 1 ? $"{100 * Outside(modelPath, tokens) / own.MinMs,5:0.0} %" : "");
                var share = 100 * flops / (own.MinMs / 1e3) / peak / thread;
                writer.Write(FormattableString.Invariant(
                    $"{thread,7}  {tokens,6}  {own.MinMs,10:0.000}  {own.MedianMs,6:0.000}  {other.MinMs,17:0.000}  {other.MedianMs,6:0.000}  "));
                writer.WriteLine(FormattableString.Invariant(
                    $"{ratios[^1].Min,12:0.000}  {ratios[^1].Median,6:0.000}  {share,6:0.0} %   {outside}"));

                BenchRow Row(string engine) => rows.First(r => r.Engine == engine && r.Tokens == tokens && r.Threads == thread);
            }

            writer.WriteLine(FormattableString.Invariant(
                $"{thread,7}  geometric mean {Mean(ratios.Select(r => r.Min)),52:0.000}  {Mean(ratios.Select(r => r.Median)),6:0.000}"));
        }
    }

    /// <summary>The geometric mean.</summary>
    public static double Mean(IEnumerable<double> ratios) => Math.Exp(ratios.Average(Math.Log));

    private static double Flops(string modelPath, int tokens)
    {
        using var result = ModelCompilation.Run(new CompileOptions { ModelPath = modelPath });
        return result.Plan.Steps.Sum(s => StepProfile.Flops(s, tokens));
    }

    /// <summary>Milliseconds of a call whose products' innermost loops are left out: everything else it does, storing their results included.</summary>
    private static double Outside(string modelPath, int tokens)
    {
        const string Loop = "for (; b < end; b += 16)";
        using var session = ModelSession.Compile(
            new CompileOptions { ModelPath = modelPath }, rewrite: text => text.Replace(Loop, "for (; b > end; b += 16)", StringComparison.Ordinal));
        var call = session.Prepare(Workload.Make(session.Plan, 1, tokens));
        var best = double.MaxValue;
        for (var start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start).TotalSeconds < 0.3;)
        {
            var before = Stopwatch.GetTimestamp();
            call.Invoke();
            best = Math.Min(best, Stopwatch.GetElapsedTime(before).TotalMilliseconds);
        }

        return best;
    }
}
