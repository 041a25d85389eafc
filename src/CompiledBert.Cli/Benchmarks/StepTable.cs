using System.Globalization;
using System.Text.Json;
using CompiledBert.Cli.Inspection;

namespace CompiledBert.Cli.Benchmarks;

/// <summary>Measured beside estimated, step by step, as text and as JSON.</summary>
internal static class StepTable
{
    private const string LayerPrefix = "layer ";
    private const string AfterLayer = " · ";

    /// <summary>One table a length: the layers' steps of one kind in one row.</summary>
    public static void Write(TextWriter writer, StepTimes times)
    {
        writer.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{times.Precision}, {times.Tokens} tokens; estimated "
                + $"for {times.Core.Title} at {times.Core.Gigahertz:0.00} GHz, the clock here{(times.Core.IsCorrected ? ", corrected by a profile" : "")}"));
        writer.WriteLine("steps  measured ms  estimated ms   estimated/measured");
        foreach (var kind in times.Steps.GroupBy(s => WithoutLayer(s.Step.Title)))
        {
            WriteRow(writer, kind.Count(), kind.Sum(s => s.MeasuredMs), kind.Any(s => s.EstimatedMs is null) ? null : kind.Sum(s => s.EstimatedMs), kind.Key);
        }

        WriteRow(writer, times.Steps.Count, times.MeasuredMs, times.UnknownSteps > 0 ? null : times.EstimatedMs, "sum of the steps");
        WriteRow(writer, 1, times.CallMs, times.UnknownSteps > 0 ? null : times.EstimatedMs, "whole call, as built");
        if (times.UnknownSteps > 0)
        {
            writer.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{times.UnknownSteps} steps are of unknown cost; the others are estimated at {times.EstimatedMs:0.0000} ms."));
        }

        writer.WriteLine();
    }

    /// <summary>The fields of one length.</summary>
    public static void WriteFields(Utf8JsonWriter json, StepTimes times)
    {
        json.WriteString("precision", times.Precision);
        json.WriteNumber("tokens", times.Tokens);
        json.WriteString("core", times.Core.Name);
        json.WriteNumber("gigahertz", times.Core.Gigahertz);
        json.WriteBoolean("isCorrected", times.Core.IsCorrected);
        json.WriteNumber("callMs", Math.Round(times.CallMs, 6));
        json.WriteNumber("measuredMs", Math.Round(times.MeasuredMs, 6));
        json.WriteNumber("estimatedMs", Math.Round(times.EstimatedMs, 6));
        json.WriteNumber("unknownSteps", times.UnknownSteps);
        json.WriteAll("steps", times.Steps, step =>
        {
            json.WriteString("title", step.Step.Title);
            json.WriteString("kind", StepText.KindOf(step.Step));
            json.WriteNumber("measuredMs", Math.Round(step.MeasuredMs, 6));
            json.WriteFinite("estimatedMs", step.EstimatedMs is { } known ? Math.Round(known, 6) : null);
        });
    }

    private static void WriteRow(TextWriter writer, int steps, double measured, double? estimated, string title) => writer.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{steps,5}  {measured,11:0.0000}  {(estimated is { } known ? known.ToString("0.0000", CultureInfo.InvariantCulture) : "unknown"),12}  "
            + $"{(estimated is { } e ? (e / measured).ToString("0.00", CultureInfo.InvariantCulture) : ""),19}  {title}"));

    private static string WithoutLayer(string title) =>
        title.StartsWith(LayerPrefix, StringComparison.Ordinal) && title.IndexOf(AfterLayer, StringComparison.Ordinal) is var at and > 0
            ? title[(at + AfterLayer.Length)..]
            : title;
}
