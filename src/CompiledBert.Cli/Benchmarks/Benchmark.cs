using System.Diagnostics;
using CompiledBert.Cli.Sessions;
using CompiledBert.Cli.Verification;
using CompiledBert.Compiler;

namespace CompiledBert.Cli.Benchmarks;

/// <summary>Measures a compiled model, and ONNX Runtime beside it in turns, so that both meet the same moods of the machine.</summary>
internal sealed class Benchmark
{
    private const int LeastTurns = 4;
    private const int CallsBeforeMeasuring = 3;

    // Long enough for an engine's threads, which spin for a while after a call, to fall asleep before the other's turn.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(30);

    public required CompileOptions Options { get; init; }

    /// <summary>The model that ONNX Runtime runs; null for no other engine.</summary>
    public string? AgainstModel { get; init; }

    public required IReadOnlyList<int> Tokens { get; init; }

    public required IReadOnlyList<int> Threads { get; init; }

    public int Batch { get; init; } = 1;

    /// <summary>Measuring time for each engine, length and number of threads.</summary>
    public TimeSpan Time { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Measures; the rows come one by one.</summary>
    /// <exception cref="CompileException">The model is refused.</exception>
    /// <exception cref="BenchmarkException">The model, or the other one, cannot be measured like this.</exception>
    public IEnumerable<BenchRow> Run()
    {
        using var session = ModelSession.Compile(Options);
        foreach (var threads in Threads)
        {
            session.Model.Threads = threads;
            using var other = AgainstModel is null ? null : new OnnxRuntimeEngine(AgainstModel, threads);
            foreach (var tokens in Tokens)
            {
                foreach (var row in Measure(session, other, tokens, threads))
                {
                    yield return row;
                }
            }
        }
    }

    private List<BenchRow> Measure(ModelSession session, OnnxRuntimeEngine? other, int tokens, int threads)
    {
        var inputs = Workload.Make(session.Plan, Batch, tokens);
        var own = session.Prepare(inputs);
        using var others = other?.Prepare(session.Plan, inputs, own.Outputs);
        var calls = new List<(string Engine, Action Invoke)> { ("compiledbert", own.Invoke) };
        if (others is not null)
        {
            calls.Add(("onnxruntime", others.Invoke));
        }

        var times = calls.Select(_ => new List<double>()).ToList();
        foreach (var (_, invoke) in calls)
        {
            for (var i = 0; i < CallsBeforeMeasuring; i++)
            {
                invoke();
            }
        }

        var turns = Math.Max(LeastTurns, (int)(Time / Turn));
        for (var turn = 0; turn < turns; turn++)
        {
            for (var i = 0; i < calls.Count; i++)
            {
                TakeTurn(calls[i].Invoke, times[i], pause: calls.Count > 1 && threads > 1);
            }
        }

        var comparison = others is null ? null : Compare(own, others);
        return
        [
            .. calls.Select((call, i) =>
            {
                times[i].Sort();
                return new BenchRow(
                    call.Engine, "fp32", tokens, threads, times[i][0], times[i][times[i].Count / 2],
                    comparison is null ? null : i == 0 ? comparison.MaxDifference : 0,
                    comparison is null ? null : i == 0 ? comparison.Cosine : 1);
            }),
        ];
    }

    /// <summary>Calls for a while. The first call finds its weights and threads as the other engine left them, and does not count.</summary>
    private static void TakeTurn(Action invoke, List<double> times, bool pause)
    {
        if (pause)
        {
            Thread.Sleep(Pause);
        }

        invoke();
        var start = Stopwatch.GetTimestamp();
        do
        {
            var before = Stopwatch.GetTimestamp();
            invoke();
            times.Add(Stopwatch.GetElapsedTime(before).TotalMilliseconds);
        }
        while (Stopwatch.GetElapsedTime(start) < Turn);
    }

    private static TensorComparison Compare(PreparedCall own, OnnxRuntimeCall other)
    {
        // Several outputs count as one: what matters is the worst.
        var all = own.Outputs.Zip(other.Outputs, (a, b) => TensorComparison.Of(a, b, Tolerance.Default)).ToList();
        return new TensorComparison(all.Max(c => c.MaxDifference), all.Max(c => c.Scale), all.Min(c => c.Cosine), all.All(c => c.Agrees));
    }
}
