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

    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(30);

    public required CompileOptions Options { get; init; }

    /// <summary>The model that ONNX Runtime runs; null for no other engine.</summary>
    public string? AgainstModel { get; init; }

    /// <summary>The precisions to compile the model in; they run in turns too.</summary>
    public IReadOnlyList<Precision> Precisions { get; init; } = [Precision.Fp32];

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
        using var progress = ProgressLine.OnErrorStream();
        var sessions = new List<ModelSession>();
        try
        {
            foreach (var precision in Precisions)
            {
                sessions.Add(ModelSession.Compile(Options with { Precision = precision }));
            }

            foreach (var threads in Threads)
            {
                sessions.ForEach(s => s.Model.Threads = threads);
                using var other = AgainstModel is null ? null : new OnnxRuntimeEngine(AgainstModel, threads);
                foreach (var tokens in Tokens)
                {
                    progress.Say(FormattableString.Invariant($"measuring {tokens} tokens on {threads} threads"));
                    var rows = Measure(sessions, other, tokens, threads);
                    progress.Clear();
                    foreach (var row in rows)
                    {
                        yield return row;
                    }
                }
            }
        }
        finally
        {
            sessions.ForEach(s => s.Dispose());
        }
    }

    private List<BenchRow> Measure(List<ModelSession> sessions, OnnxRuntimeEngine? other, int tokens, int threads)
    {
        var inputs = Workload.Make(sessions[0].Plan, Batch, tokens);
        var own = sessions.ConvertAll(s => s.Prepare(inputs));
        using var others = other?.Prepare(sessions[0].Plan, inputs, own[0].Outputs);
        var calls = own.Zip(Precisions, (call, precision) => (Engine: "compiledbert", Precision: NameOf(precision), Invoke: (Action)call.Invoke)).ToList();
        if (others is not null)
        {
            // What a file of the other engine's own computes with is known to the file alone.
            calls.Add(("onnxruntime", AgainstModel == Options.ModelPath ? "fp32" : "file", others.Invoke));
        }

        var times = InTurns([.. calls.Select(c => c.Invoke)], Time, pause: calls.Count > 1 && threads > 1);
        return
        [
            .. calls.Select((call, i) =>
            {
                var comparison = others is not null && i < own.Count ? Compare(own[i], others) : null;
                return new BenchRow(
                    call.Engine, call.Precision, tokens, threads, times[i][0], times[i][times[i].Count / 2],
                    others is null ? null : comparison?.MaxDifference ?? 0,
                    others is null ? null : comparison?.Cosine ?? 1,
                    comparison?.Scale);
            }),
        ];
    }

    /// <summary>Milliseconds of calls of several kinds, sorted: each kind in turns of some calls, so that all meet the same moods of the machine.</summary>
    /// <param name="calls">The kinds.</param>
    /// <param name="time">Measuring time for each.</param>
    /// <param name="pause">Whether a turn waits for the threads of the one before to fall asleep.</param>
    public static IReadOnlyList<List<double>> InTurns(IReadOnlyList<Action> calls, TimeSpan time, bool pause)
    {
        var times = calls.Select(_ => new List<double>()).ToList();
        foreach (var call in calls)
        {
            for (var i = 0; i < CallsBeforeMeasuring; i++)
            {
                call();
            }
        }

        var turns = Math.Max(LeastTurns, (int)(time / Turn));
        for (var turn = 0; turn < turns; turn++)
        {
            for (var i = 0; i < calls.Count; i++)
            {
                TakeTurn(calls[i], times[i], pause);
            }
        }

        times.ForEach(t => t.Sort());
        return times;
    }

    private static string NameOf(Precision precision) => precision.ToString().ToLowerInvariant();

    /// <summary>Calls for a while. The first call finds its weights and threads as the other engine left them, and does not count.</summary>
    private static void TakeTurn(Action invoke, List<double> times, bool pause)
    {
        if (pause)
        {
            AwaitQuiet();
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

    /// <summary>
    /// Waits until the other engine's threads, which spin for a while after a call (ONNX Runtime's for tens of milliseconds), have fallen asleep: a turn
    /// that begins before that finds only some of the processor.
    /// </summary>
    private static void AwaitQuiet()
    {
        using var process = Process.GetCurrentProcess();
        for (var waited = 0; waited < 50; waited++)
        {
            var before = process.TotalProcessorTime;
            Thread.Sleep(4);
            process.Refresh();
            if (process.TotalProcessorTime - before < TimeSpan.FromMilliseconds(1))
            {
                return;
            }
        }
    }

    private static TensorComparison Compare(PreparedCall own, OnnxRuntimeCall other)
    {
        // Several outputs count as one: what matters is the worst.
        var all = own.Outputs.Zip(other.Outputs, (a, b) => TensorComparison.Of(a, b, Tolerance.Default)).ToList();
        return new TensorComparison(all.Max(c => c.MaxDifference), all.Max(c => c.Scale), all.Min(c => c.Cosine), all.All(c => c.Agrees));
    }
}
