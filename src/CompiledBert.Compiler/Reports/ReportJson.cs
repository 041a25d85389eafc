using System.Globalization;
using System.Text;
using System.Text.Json;

namespace CompiledBert.Compiler.Reports;

/// <summary>Reports as JSON: one field a line, numbers of a list in one line, so that a report that is committed reads well in a diff.</summary>
public static class ReportJson
{
    /// <summary>What the field <c>schema</c> says. Another number is another meaning of the fields.</summary>
    public const string Schema = "compiledbert-report-1";

    /// <summary>A report as JSON.</summary>
    public static string Write(ModelReport report)
    {
        using var stream = new MemoryStream();
        var encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = encoder }))
        {
            json.WriteStartObject();
            json.WriteString("schema", Schema);
            json.WriteString("kind", "estimate");
            json.WriteString("name", report.Name);
            json.WriteString("source", report.Source);
            json.WriteString("precision", report.Precision);
            json.WriteNumber("sourceNodes", report.SourceNodes);
            json.WriteNumber("weightsBytes", report.WeightsBytes);
            Write(json, "emittedBytes", report.EmittedBytes);
            WriteAll(json, "lengths", report.Lengths, length =>
            {
                Write(json, "tokens", length.Tokens);
                json.WriteNumber("arenaBytes", length.ArenaBytes);
                json.WriteNumber("nodeByNodeBytes", length.NodeByNodeBytes);
                json.WriteNumber("writtenBytes", length.WrittenBytes);
            });
            json.WriteBoolean("areTargetsChosen", report.AreTargetsChosen);
            WriteAll(json, "targets", report.Targets, target =>
            {
                json.WriteString("target", target.Target);
                json.WriteString("core", target.Core);
                json.WriteString("title", target.Title);
                json.WriteNumber("gigahertz", target.Gigahertz);
                json.WriteNumber("floatGigaops", target.FloatGigaops);
                json.WriteNumber("integerGigaops", target.IntegerGigaops);
                json.WriteNumber("memoryGigabytes", target.MemoryGigabytes);
                json.WriteBoolean("isCorrected", target.IsCorrected);
                WriteAll(json, "costs", target.Costs, cost =>
                {
                    json.WriteNumber("milliseconds", Math.Round(target.MillisecondsOf(cost.Cycles), 6));
                    json.WriteNumber("cycles", cost.Cycles);
                    json.WriteNumber("unknownSteps", cost.UnknownSteps);
                    Write(json, "stepCycles", cost.StepCycles.Select(c => c is { } cycles ? Text(cycles) : "null"));
                    Write(json, "memoryBound", cost.MemoryBound.Select(b => b ? "true" : "false"));
                });
            });
            WriteAll(json, "steps", report.Steps, step =>
            {
                json.WriteString("title", step.Title);
                json.WriteString("kind", step.Kind);
                json.WriteString("layer", step.Layer);
                json.WriteString("precision", step.Precision);
                Write(json, "operations", step.Operations.Select(Text));
                Write(json, "bytes", step.Bytes.Select(Text));
                Write(json, "signalToNoise", step.SignalToNoise);
                Write(json, "nodes", step.Nodes.Select(Quoted));
            });
            WriteAll(json, "buffers", report.Buffers, buffer =>
            {
                json.WriteString("id", buffer.Id);
                json.WriteNumber("slot", buffer.Slot);
                json.WriteNumber("first", buffer.First);
                json.WriteNumber("last", buffer.Last);
                json.WriteString("elements", buffer.Elements);
                json.WriteString("type", buffer.Type);
                Write(json, "bytes", buffer.Bytes.Select(Text));
            });
            WriteAll(json, "weights", report.Weights, weight =>
            {
                json.WriteString("id", weight.Id);
                json.WriteString("name", weight.Name);
                json.WriteString("type", weight.Type);
                json.WriteNumber("bytes", weight.Bytes);
                Write(json, "steps", weight.Steps.Select(s => Text(s)));
            });
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length) + "\n";
    }

    /// <summary>Reads what <see cref="Write(ModelReport)"/> writes.</summary>
    /// <exception cref="FormatException">The text is no report, or one of another schema; the message says which.</exception>
    public static ModelReport Read(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return Read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new FormatException("It is not a report: " + e.Message, e);
        }
    }

    private static ModelReport Read(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("schema", out var schema) || schema.GetString() != Schema)
        {
            throw new FormatException($"It is not a report of the schema {Schema}.");
        }

        var report = new ModelReport
        {
            Name = Word(root, "name"),
            Source = Word(root, "source"),
            Precision = Word(root, "precision"),
            SourceNodes = root.GetProperty("sourceNodes").GetInt32(),
            WeightsBytes = Number(root, "weightsBytes"),
            EmittedBytes = Maybe(root.GetProperty("emittedBytes")),
            AreTargetsChosen = root.GetProperty("areTargetsChosen").GetBoolean(),
            Lengths = All(root, "lengths", l => new LengthReport(
                Maybe(l.GetProperty("tokens")), Number(l, "arenaBytes"), Number(l, "nodeByNodeBytes"), Number(l, "writtenBytes"))),
            Targets = All(root, "targets", t => new TargetReport(
                Word(t, "target"), Word(t, "core"), Word(t, "title"), Real(t, "gigahertz"), Real(t, "floatGigaops"), Real(t, "integerGigaops"),
                Real(t, "memoryGigabytes"),
                All(t, "costs", c => new CallReport(All(c, "stepCycles", Maybe), All(c, "memoryBound", b => b.GetBoolean()))))
            {
                IsCorrected = t.TryGetProperty("isCorrected", out var corrected) && corrected.GetBoolean(),
            }),
            Steps = All(root, "steps", s => new StepReport(
                Word(s, "title"), Word(s, "kind"), s.GetProperty("layer").GetString(), s.GetProperty("precision").GetString(),
                All(s, "nodes", n => n.GetString()!),
                Numbers(s, "operations"), Numbers(s, "bytes"),
                s.GetProperty("signalToNoise") is { ValueKind: JsonValueKind.Number } noise ? noise.GetDouble() : null)),
            Buffers = All(root, "buffers", b => new BufferReport(
                Word(b, "id"), Number(b, "slot"), (int)Number(b, "first"), (int)Number(b, "last"), Word(b, "elements"), Word(b, "type"), Numbers(b, "bytes"))),
            Weights = All(root, "weights", w => new WeightReport(
                Word(w, "id"), Word(w, "name"), Word(w, "type"), Number(w, "bytes"), All(w, "steps", s => s.GetInt32()))),
        };
        return report.Targets.All(t => t.Costs.Count == report.Lengths.Count && t.Costs.All(c => c.StepCycles.Count == report.Steps.Count))
            ? report
            : throw new FormatException("It contradicts itself: its targets have not the costs of each length and step.");
    }

    private static string Word(JsonElement element, string name) =>
        element.GetProperty(name).GetString() ?? throw new FormatException($"'{name}' is not given.");

    private static long Number(JsonElement element, string name) => element.GetProperty(name).GetInt64();

    private static double Real(JsonElement element, string name) => element.GetProperty(name).GetDouble();

    private static long? Maybe(JsonElement element) => element.ValueKind == JsonValueKind.Null ? null : element.GetInt64();

    private static List<long> Numbers(JsonElement element, string name) => All(element, name, n => n.GetInt64());

    private static List<T> All<T>(JsonElement element, string name, Func<JsonElement, T> read) => [.. element.GetProperty(name).EnumerateArray().Select(read)];

    private static string Quoted(string text) => "\"" + JsonEncodedText.Encode(text) + "\"";

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static void Write(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number && double.IsFinite(number))
        {
            json.WriteNumber(name, number);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private static void Write(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WritePropertyName(name);
        json.WriteRawValue("[" + string.Join(", ", values) + "]", skipInputValidation: true);
    }

    private static void WriteAll<T>(Utf8JsonWriter json, string name, IReadOnlyList<T> items, Action<T> write)
    {
        json.WriteStartArray(name);
        foreach (var item in items)
        {
            json.WriteStartObject();
            write(item);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
