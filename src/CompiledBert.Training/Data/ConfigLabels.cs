using System.Globalization;
using System.Text.Json;

namespace CompiledBert.Training.Data;

/// <summary>The labels' names that the config.json beside a model has.</summary>
internal static class ConfigLabels
{
    /// <summary>The names in the order of their numbers; null where the file is missing, says nothing of them or cannot be read.</summary>
    public static IReadOnlyList<string>? Of(string modelPath, int count)
    {
        var path = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(modelPath))!, "config.json");
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllText(path));
            var names = document.RootElement.GetProperty("id2label");
            return [.. Enumerable.Range(0, count).Select(i => names.GetProperty(i.ToString(CultureInfo.InvariantCulture)).GetString()!)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }
}
