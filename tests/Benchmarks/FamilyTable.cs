using CompiledBert.Cli.Benchmarks;
using CompiledBert.Compiler;

namespace CompiledBert.Benchmarks;

/// <summary>Every model of a folder beside ONNX Runtime on the same file, with what it took to compile: no family runs slowly by accident.</summary>
internal static class FamilyTable
{
    public static void Print(string folder, IReadOnlyList<int> lengths, Precision precision, TimeSpan time, TextWriter writer)
    {
        writer.WriteLine(FormattableString.Invariant($"{Instructions.Description}; one thread, {precision}, fastest calls"));
        writer.WriteLine($"{"model",-34}  compile s  peak MB  weights MB  "
            + string.Join("  ", lengths.Select(l => $"{l + " tokens: ours",19}  onnxruntime  ratio  of scale")));
        var ratios = lengths.ToDictionary(l => l, _ => new List<double>());
        foreach (var path in Directory.EnumerateFiles(folder, "*.onnx").Order(StringComparer.Ordinal))
        {
            var cost = CompileCost.Measure(path, precision);
            writer.Write(FormattableString.Invariant(
                $"{Path.GetFileNameWithoutExtension(path),-34}  {cost.Seconds,9:0.0}  {cost.PeakBytes / 1e6,7:0}  {cost.WeightBytes / 1e6,10:0.0}"));
            var rows = new Benchmark
            {
                Options = new CompileOptions { ModelPath = path }, Precisions = [precision], AgainstModel = path, Tokens = lengths, Threads = [1], Time = time,
            }.Run().ToList();
            foreach (var length in lengths)
            {
                var (own, other) =
                    (rows.First(r => r.Engine == "compiledbert" && r.Tokens == length), rows.First(r => r.Engine == "onnxruntime" && r.Tokens == length));
                ratios[length].Add(other.MinMs / own.MinMs);
                writer.Write(FormattableString.Invariant(
                    $"  {own.MinMs,19:0.00}  {other.MinMs,11:0.00}  {ratios[length][^1],5:0.00}  {own.MaxDifference / own.Scale,8:0.0e+0}"));
            }

            writer.WriteLine();
        }

        foreach (var length in lengths)
        {
            writer.WriteLine(FormattableString.Invariant(
                $"{length} tokens: geometric mean {CallTable.Mean(ratios[length]):0.00}, least {ratios[length].Min():0.00}"));
        }

        writer.WriteLine(FormattableString.Invariant($"all: geometric mean {CallTable.Mean(ratios.Values.SelectMany(r => r)):0.00}"));
    }
}
