using System.Globalization;
using CompiledBert.Compiler;

namespace CompiledBert.Generator.Emit.Loops;

/// <summary>Literals of loop programs as C#.</summary>
internal static class Literal
{
    /// <summary>Whether an argument is a literal; it is an id or a loop variable elsewhere.</summary>
    public static bool Is(string text) => text is "inf" or "nan" or "true" or "false" || text[0] is '-' or '.' or (>= '0' and <= '9');

    /// <summary>The literal as a C# expression of a type. Throws <see cref="EmitException"/> where it is none.</summary>
    public static string Text(string text, DataType type)
    {
        switch (type)
        {
            case DataType.Bool when text is "true" or "false":
                return text;
            case DataType.Float32:
                return text switch
                {
                    "inf" => "float.PositiveInfinity",
                    "-inf" => "float.NegativeInfinity",
                    "nan" => "float.NaN",
                    _ => Float(text),
                };
            case DataType.Int32 or DataType.Int64 when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer)
                && (type == DataType.Int64 || integer is >= int.MinValue and <= int.MaxValue):
                return integer == long.MinValue ? "long.MinValue" : integer.ToString(CultureInfo.InvariantCulture) + (type == DataType.Int64 ? "L" : "");
            case DataType.UInt64 when ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var unsigned):
                return unsigned.ToString(CultureInfo.InvariantCulture) + "UL";
            default:
                throw new EmitException($"'{text}' is not a literal of type {type}");
        }
    }

    private static string Float(string text)
    {
        // Through double: the nearest double of a short decimal rounds to the float that its writer had.
        // The largest float's own short decimal lies a little above it.
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) || float.IsInfinity((float)number))
        {
            throw new EmitException($"'{text}' is not a literal of type Float32");
        }

        var value = (float)number;
        var sign = value == 0 && text[0] == '-' ? "-" : "";
        return sign + value.ToString("G9", CultureInfo.InvariantCulture) + "f";
    }
}
