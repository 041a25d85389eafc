using System.Text.Encodings.Web;
using System.Text.Json;

namespace CompiledBert.Cli;

/// <summary>The tool's JSON: one document on standard output, the same bytes on every system.</summary>
internal static class JsonOutput
{
    private static readonly JsonWriterOptions Form = new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes an object to standard output.</summary>
    public static void WriteObject(Action<Utf8JsonWriter> fields) => Write(json =>
    {
        json.WriteStartObject();
        fields(json);
        json.WriteEndObject();
    });

    /// <summary>Writes one value to standard output. Nothing is written where writing fails half-way.</summary>
    public static void Write(Action<Utf8JsonWriter> value)
    {
        using var text = new MemoryStream();
        using (var json = new Utf8JsonWriter(text, Form))
        {
            value(json);
        }

        text.WriteByte((byte)'\n');
        using var stdout = Console.OpenStandardOutput();
        text.WriteTo(stdout);
    }

    /// <summary>A list of objects.</summary>
    public static void WriteAll<T>(this Utf8JsonWriter json, string name, IEnumerable<T> items, Action<T> fields)
    {
        json.WriteStartArray(name);
        foreach (var item in items)
        {
            json.WriteStartObject();
            fields(item);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>A list of texts.</summary>
    public static void WriteTexts(this Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }

    /// <summary>A number, or null where there is none: JSON has no infinity.</summary>
    public static void WriteFinite(this Utf8JsonWriter json, string name, double? value)
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

    /// <summary>A whole number, or null where there is none.</summary>
    public static void WriteWhole(this Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
