using System.Text;

namespace CompiledBert.Build.Protocol;

/// <summary>How the task and the compiler process write fields: one record a line, fields apart by tabs, so that any path and any message fits.</summary>
internal static class ProtocolText
{
    /// <summary>Fields as one line.</summary>
    public static string Line(params string[] fields) => string.Join("\t", fields.Select(Escape));

    /// <summary>The fields of a line that <see cref="Line"/> wrote.</summary>
    public static string[] Fields(string line) => [.. line.Split('\t').Select(Unescape)];

    private static string Escape(string text) =>
        text.Replace("\\", "\\\\").Replace("\t", "\\t").Replace("\n", "\\n").Replace("\r", "\\r");

    private static string Unescape(string text)
    {
        if (text.IndexOf('\\') < 0)
        {
            return text;
        }

        var plain = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            plain.Append(text[i] != '\\' || i + 1 == text.Length ? text[i] : text[++i] switch { 't' => '\t', 'n' => '\n', 'r' => '\r', var c => c });
        }

        return plain.ToString();
    }
}
