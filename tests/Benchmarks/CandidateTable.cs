using System.Diagnostics;
using CompiledBert.Compiler;
using CompiledBert.Compiler.Targets;
using CompiledBert.Search.Costs;
using CompiledBert.Search.Space;

namespace CompiledBert.Benchmarks;

/// <summary>Seconds and memory of costing different candidates below all-MiniLM-L6-v2's shape.</summary>
internal static class CandidateTable
{
    public static void Print(int count, Precision precision, TextWriter writer)
    {
        var teacher = new BertShape { Vocabulary = 30_522, Embedding = 384, Width = 384, Layers = [.. Enumerable.Repeat(new LayerShape(12, 32, 1536), 6)] };
        var task = new BertTask { Outputs = 2, Positions = 128 };
        var costs = new CandidateCosts(task, precision, Limit.Parse("5ms@64", "8MB", "2MB@64", ["cortex-a76"], 128, "candidates"), (KnownCores.NeoverseN1, 64));
        var variation = new ShapeVariation(SearchSpace.Below(teacher));
        var random = new Random(1);
        var seen = new HashSet<BertShape>();
        var clock = Stopwatch.StartNew();
        writer.WriteLine("candidates  seconds  within the limits  heap in MB  working set in MB");
        var within = 0;
        while (seen.Count < count)
        {
            var shape = variation.Sample(random);
            if (!seen.Add(shape))
            {
                continue;
            }

            within += costs.Of(shape).IsWithin ? 1 : 0;
            if (seen.Count % Math.Max(1, count / 10) == 0)
            {
                var (managed, all) = (GC.GetTotalMemory(true) / 1e6, Environment.WorkingSet / 1e6);
                writer.WriteLine(FormattableString.Invariant(
                    $"{seen.Count,10} {clock.Elapsed.TotalSeconds,8:0.0} {within,18} {managed,11:0.0} {all,18:0}"));
            }
        }
    }
}
