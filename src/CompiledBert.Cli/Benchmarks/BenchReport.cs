using System.Globalization;

namespace CompiledBert.Cli.Benchmarks;

/// <summary>One engine at one length and number of threads.</summary>
/// <param name="Engine"><c>compiledbert</c> or <c>onnxruntime</c>.</param>
/// <param name="Precision">Precision of the model that ran.</param>
/// <param name="Tokens">Tokens of a sequence.</param>
/// <param name="Threads">Threads of a call.</param>
/// <param name="MinMs">The fastest call, milliseconds.</param>
/// <param name="MedianMs">The median, milliseconds.</param>
/// <param name="MaxDifference">Largest difference of an element from the other engine's; null without one.</param>
/// <param name="Cosine">Cosine of the outputs to the other engine's; null without one.</param>
/// <param name="Scale">The largest magnitude of the other engine's outputs; null without one.</param>
internal sealed record BenchRow(
    string Engine, string Precision, int Tokens, int Threads, double MinMs, double MedianMs, double? MaxDifference, double? Cosine, double? Scale);

/// <summary>Measurements as text and as JSON.</summary>
internal static class BenchReport
{
    public static void WriteHead(TextWriter writer)
    {
        writer.WriteLine($"instructions: {Instructions.Description}");
        writer.WriteLine("engine        precision  tokens  threads      min ms   median ms  max difference  cosine");
    }

    public static void WriteRow(TextWriter writer, BenchRow row)
    {
        var difference = row.MaxDifference?.ToString("0.00e+00", CultureInfo.InvariantCulture) ?? "";
        var cosine = row.Cosine?.ToString("0.0000000", CultureInfo.InvariantCulture) ?? "";
        writer.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{row.Engine,-12}  {row.Precision,-9}  {row.Tokens,6}  {row.Threads,7}  "
                + $"{row.MinMs,10:0.0000}  {row.MedianMs,10:0.0000}  {difference,14}  {cosine}").TrimEnd());
    }

    /// <summary>All rows as JSON.</summary>
    public static void WriteJson(IReadOnlyList<BenchRow> rows) => JsonOutput.WriteObject(json =>
    {
        json.WriteTexts("instructions", Instructions.Description.Split(", "));
        json.WriteAll("rows", rows, row =>
        {
            json.WriteString("engine", row.Engine);
            json.WriteString("precision", row.Precision);
            json.WriteNumber("tokens", row.Tokens);
            json.WriteNumber("threads", row.Threads);
            json.WriteNumber("minMs", Math.Round(row.MinMs, 6));
            json.WriteNumber("medianMs", Math.Round(row.MedianMs, 6));
            json.WriteFinite("maxDifference", row.MaxDifference);
            json.WriteFinite("cosine", row.Cosine);
        });
    });
}
