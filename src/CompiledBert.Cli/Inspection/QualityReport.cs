using System.Globalization;
using CompiledBert.Compiler;

namespace CompiledBert.Cli.Inspection;

/// <summary>What 8 bits make of a model, step by step, the worst first.</summary>
internal static class QualityReport
{
    public static void Write(TextWriter writer, CompileResult result)
    {
        var rows = result.Plan.Steps
            .Select(s => (s.Title, Weights: OfWeights(result, s), Results: OfResults(result, s)))
            .Where(r => r.Weights is not null || r.Results is not null)
            .OrderBy(r => r.Results ?? r.Weights)
            .ToList();
        if (rows.Count == 0)
        {
            return;
        }

        writer.WriteLine();
        writer.WriteLine(
            "signal-to-noise ratio of 8 bits, the worst first: energy over that of the rounding, "
                + "of the weights, and of what they make of the rows that were measured");
        writer.WriteLine("  weights   results");
        foreach (var (title, weights, results) in rows)
        {
            writer.WriteLine($"{Decibels(weights, "fp32")}{Decibels(results, "-")}  {title}");
        }
    }

    /// <summary>The worst of a step's weights in decibels; null where it has none in 8 bits, or they were not read.</summary>
    public static double? OfWeights(CompileResult result, Step step) => step is LinearStep { IsInteger: true } ? Worst(result.Quality.Weights, step) : null;

    /// <summary>The worst of a product's results in 8 bits in decibels, also where it stayed in floats for that; null where nothing was measured.</summary>
    public static double? OfResults(CompileResult result, Step step) => step is LinearStep ? Worst(result.Quality.Results, step) : null;

    private static double? Worst(IReadOnlyDictionary<string, double> decibels, Step step) =>
        step.Origins.Where(decibels.ContainsKey).Select(o => (double?)Math.Round(decibels[o], 2)).Min();

    private static string Decibels(double? decibels, string without) =>
        decibels is { } number ? string.Create(CultureInfo.InvariantCulture, $"{number,7:0.0} dB") : without.PadLeft(10);
}
