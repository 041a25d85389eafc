using System.Text.Json;

namespace CompiledBert.Cli;

/// <summary>Numbers in the tool's JSON.</summary>
internal static class JsonNumbers
{
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
}
