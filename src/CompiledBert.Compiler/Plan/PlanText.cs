using System.Globalization;
using System.Text;

namespace CompiledBert.Compiler;

/// <summary>The words of a plan's text: names of enumerations in lower case, strings in quotes with C-style escapes.</summary>
internal static class PlanText
{
    /// <summary>An enumeration's value in lower case.</summary>
    public static string Name<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();

    /// <summary>The value that <see cref="Name"/> gives this text for; null where there is none.</summary>
    public static T? Value<T>(string name)
        where T : struct, Enum
    {
        foreach (var value in Values<T>())
        {
            if (string.Equals(Name(value), name, StringComparison.Ordinal))
            {
                return value;
            }
        }

        return null;
    }

    /// <summary>All values of an enumeration.</summary>
    public static T[] Values<T>()
        where T : struct, Enum =>
#if NET
        Enum.GetValues<T>();
#else
        (T[])Enum.GetValues(typeof(T));
#endif

    /// <summary>Whether the text may name a value, a buffer or a symbol.</summary>
    public static bool IsIdentifier(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            var letter = text[i] is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') or '_';
            if (!letter && (i == 0 || text[i] is < '0' or > '9'))
            {
                return false;
            }
        }

        return text.Length > 0;
    }

    /// <summary>The text in quotes; control characters and lone surrogates escaped.</summary>
    public static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c is '"' or '\\')
            {
                quoted.Append('\\').Append(c);
            }
            else if (char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                quoted.Append(c).Append(text[++i]);
            }
            else if (char.IsControl(c) || char.IsSurrogate(c) || c is '\u2028' or '\u2029')
            {
                quoted.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture));
            }
            else
            {
                quoted.Append(c);
            }
        }

        return quoted.Append('"').ToString();
    }

    /// <summary>Reads a string in quotes that begins at <paramref name="position"/> and moves the position behind it; null where it is malformed.</summary>
    public static string? Unquote(string line, ref int position)
    {
        var text = new StringBuilder();
        for (var i = position + 1; i < line.Length; i++)
        {
            switch (line[i])
            {
                case '"':
                    position = i + 1;
                    return text.ToString();
                case '\\' when i + 1 < line.Length && line[i + 1] is '"' or '\\':
                    text.Append(line[++i]);
                    break;
                case '\\' when i + 5 < line.Length && line[i + 1] == 'u' && Code(line, i + 2) is { } code:
                    text.Append(code);
                    i += 5;
                    break;
                case '\\':
                    return null;
                default:
                    text.Append(line[i]);
                    break;
            }
        }

        return null;
    }

    private static char? Code(string line, int start)
    {
        var digits = line.Substring(start, 4);
        return ushort.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code) ? (char)code : null;
    }
}
