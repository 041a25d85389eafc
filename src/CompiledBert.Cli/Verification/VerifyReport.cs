using System.Globalization;
using System.Text.Json;

namespace CompiledBert.Cli.Verification;

/// <summary>Verifications as text and as JSON.</summary>
internal static class VerifyReport
{
    /// <summary>One line a data set and output.</summary>
    public static void WriteDetails(TextWriter writer, Verification verification)
    {
        writer.WriteLine($"{verification.Model}: tolerance {verification.Tolerance}");
        var width = verification.Outputs.Select(o => (o.Output ?? "").Length).DefaultIfEmpty(0).Max();
        foreach (var output in verification.Outputs)
        {
            writer.WriteLine($"  {output.DataSet}  {(output.Output ?? "").PadRight(width)}  {Describe(output)}");
        }
    }

    /// <summary>One line a model and one for them all.</summary>
    public static void WriteSummary(TextWriter writer, string folder, IReadOnlyList<Verification> verifications)
    {
        var names = verifications.ToDictionary(v => v, v => NameOf(folder, v.Model));
        var width = names.Values.Select(n => n.Length).DefaultIfEmpty(0).Max();
        foreach (var verification in verifications)
        {
            writer.WriteLine($"{names[verification].PadRight(width)}  {Verdict(verification)}");
        }

        var (agree, refused) = (verifications.Count(v => v.Agrees), verifications.Count(v => v.Refusal is not null));
        var none = verifications.Count(v => v.Code == ExitCode.NoData);
        writer.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{verifications.Count} models: {agree} agree, {refused} refused, {verifications.Count - agree - refused - none} WRONG, {none} without data"));
    }

    /// <summary>Everything as JSON: an object for a model, a list of them for a folder.</summary>
    public static void WriteJson(IReadOnlyList<Verification> verifications, bool isFolder)
    {
        if (!isFolder)
        {
            JsonOutput.WriteObject(json => WriteFields(json, verifications[0]));
            return;
        }

        JsonOutput.Write(json =>
        {
            json.WriteStartArray();
            foreach (var verification in verifications)
            {
                json.WriteStartObject();
                WriteFields(json, verification);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });
    }

    private static void WriteFields(Utf8JsonWriter json, Verification verification)
    {
        json.WriteString("model", verification.Model);
        json.WriteBoolean("agrees", verification.Agrees);
        json.WriteString("tolerance", verification.Tolerance.ToString());
        json.WriteString("error", verification.Refusal?.Message);
        json.WriteAll("rows", verification.Outputs, output =>
        {
            json.WriteString("dataSet", output.DataSet);
            json.WriteString("output", output.Output);
            json.WriteFinite("maxDifference", output.Comparison?.MaxDifference);
            json.WriteFinite("relativeDifference", output.Comparison?.RelativeDifference);
            json.WriteFinite("cosine", output.Comparison?.Cosine);
            json.WriteBoolean("agrees", output.Agrees);
            json.WriteString("failure", output.Failure);
        });
    }

    private static string Verdict(Verification verification)
    {
        if (verification.Refusal is { } refusal)
        {
            var diagnostic = refusal.Diagnostic;
            var node = diagnostic.Node is null ? "" : $"'{Compiler.Diagnostic.Abbreviate(diagnostic.Node)}': ";
            return $"refused  {diagnostic.Code} {node}{diagnostic.Message}";
        }

        if (verification.Outputs.Count == 0)
        {
            return "no data";
        }

        var worst = verification.Outputs.OrderBy(o => o.Agrees).ThenByDescending(o => o.Comparison?.RelativeDifference ?? double.PositiveInfinity).First();
        return $"{(verification.Agrees ? "agrees " : "WRONG  ")}  {Describe(worst)}{(verification.Agrees ? "" : $"  ({worst.DataSet} {worst.Output})")}";
    }

    private static string Describe(VerifiedOutput output) => output.Comparison is { } c
        ? string.Create(
            CultureInfo.InvariantCulture,
            $"max {c.MaxDifference:0.00e+00}  of scale {c.RelativeDifference:0.00e+00}  cosine {c.Cosine:0.0000000}  {(c.Agrees ? "agrees" : "DIFFERS")}")
        : $"FAILED: {output.Failure}";

    private static string NameOf(string folder, string model)
    {
        var relative = Path.GetRelativePath(folder, model);
        return Path.GetFileName(relative) == "model.onnx" && Path.GetDirectoryName(relative) is { Length: > 0 } parent ? parent : relative;
    }
}
