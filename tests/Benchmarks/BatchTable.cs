using System.Diagnostics;
using CompiledBert.Cli.Benchmarks;
using CompiledBert.Cli.Sessions;
using CompiledBert.Compiler;

namespace CompiledBert.Benchmarks;

/// <summary>
/// Sixty-four sentences as long as those of STS-B, in one call; ONNX Runtime in its three usual ways: one padded batch, batches of eight sorted by
/// length, one by one.
/// </summary>
internal static class BatchTable
{
    // Lengths in tokens of sentences of STS-B's test file: most have 8 to 16, few up to 40.
    private static readonly int[] Lengths =
    [
        9, 12, 10, 14, 8, 11, 23, 13, 9, 31, 12, 10, 16, 7, 12, 19, 11, 9, 27, 13, 15, 10, 8, 12, 36, 14, 11, 9, 21, 12, 10, 17,
        13, 5, 12, 25, 9, 11, 14, 29, 10, 12, 18, 8, 13, 11, 40, 15, 9, 12, 22, 10, 33, 11, 14, 16, 7, 12, 20, 13, 10, 24, 11, 12,
    ];

    public static void Print(string modelPath, IReadOnlyList<int> threads, TimeSpan time, TextWriter writer)
    {
        using var session = ModelSession.Compile(new CompileOptions { ModelPath = modelPath });
        writer.WriteLine($"{Instructions.Description}; {Lengths.Length} sentences, {Lengths.Sum()} tokens");
        writer.WriteLine("threads   way                              min ms   median ms   sentences/s   ours is faster by");
        foreach (var thread in threads)
        {
            session.Model.Threads = thread;
            using var other = new OnnxRuntimeEngine(modelPath, thread);
            var own = session.PrepareBatch(Lengths, Workload.Concatenated(session.Plan, Lengths));
            var sorted = Lengths.Order().Chunk(8).ToArray();
            (string Name, Action[] Calls)[] ways =
            [
                ("ours, one call", [own.Invoke]),
                ("onnxruntime, one padded batch", [Padded(Lengths)]),
                ("onnxruntime, eights by length", [.. sorted.Select(Padded)]),
                ("onnxruntime, one by one", [.. Lengths.Select(length => Padded([length]))]),
            ];
            var times = Benchmark.InTurns([.. ways.Select(w => (Action)(() => Array.ForEach(w.Calls, call => call())))], time, pause: thread > 1);
            for (var i = 0; i < ways.Length; i++)
            {
                var (min, median) = (times[i][0], times[i][times[i].Count / 2]);
                var ratios = i == 0 ? "" : $"{min / times[0][0]:0.00} (min) {median / times[0][times[0].Count / 2]:0.00} (median)";
                writer.WriteLine(FormattableString.Invariant(
                    $"{thread,7}   {ways[i].Name,-30}  {min,7:0.000}   {median,9:0.000}   {Lengths.Length / (median / 1e3),11:0}   {ratios}"));
            }

            Action Padded(int[] lengths)
            {
                var inputs = Workload.Make(session.Plan, lengths.Length, lengths.Max());
                var outputs = session.Prepare(inputs).Outputs;
                return other.Prepare(session.Plan, inputs, outputs).Invoke;
            }
        }
    }
}
