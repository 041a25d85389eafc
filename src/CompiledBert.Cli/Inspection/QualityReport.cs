using System.Globalization;
using CompiledBert.Compiler;

namespace CompiledBert.Cli.Inspection;

/// <summary>What 8 bits make of the weights, step by step, the worst first.</summary>
internal static class QualityReport
{
    public static void Write(TextWriter writer, CompileResult result)
    {
        var rows = result.Plan.Steps.Select(s => (s.Title, Decibels: OfStep(result, s))).Where(r => r.Decibels is not null).OrderBy(r => r.Decibels).ToList();
        if (rows.Count == 0)
        {
            return;
        }

        writer.WriteLine();
        writer.WriteLine("signal-to-noise ratio of 8-bit weights, the worst first: energy of the weights over that of their rounding");
        foreach (var (title, decibels) in rows)
        {
            writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{decibels,7:0.0} dB  {title}"));
        }
    }

    /// <summary>The worst of a step's weights in decibels; null where it has none in 8 bits, or they were not read.</summary>
    public static double? OfStep(CompileResult result, Step step) => step is LinearStep { IsInteger: true }
        ? step.Origins.Where(result.SignalToNoise.ContainsKey).Select(o => (double?)Math.Round(result.SignalToNoise[o], 2)).Min()
        : null;
}
