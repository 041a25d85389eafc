using System.Globalization;

namespace CompiledBert.Compiler.Reports;

/// <summary>What a model may take at most.</summary>
/// <param name="Text">The part of the metadata that says it.</param>
/// <param name="Limit">Milliseconds or bytes.</param>
/// <param name="Tokens">For a sequence of how many tokens; null where that is not said.</param>
/// <param name="Target">On which core or device; null for those that the model is for.</param>
public sealed record Budget(string Text, double Limit, long? Tokens, string? Target)
{
    private static readonly (string Name, double Milliseconds)[] Times = [("us", 1e-3), ("µs", 1e-3), ("ms", 1), ("s", 1e3)];

    private static readonly (string Name, double Bytes)[] Sizes =
        [("KiB", 1024), ("MiB", 1 << 20), ("GiB", 1 << 30), ("kB", 1e3), ("MB", 1e6), ("GB", 1e9), ("B", 1)];

    /// <summary>
    /// Reads budgets of time: <c>45ms@128</c>, <c>45ms@128 on cortex-a55</c>, several with semicolons. Null where the text is something else.
    /// </summary>
    public static IReadOnlyList<Budget>? ParseTimes(string text) => All(text, part =>
    {
        var words = part.Split(" on ", 2, StringSplitOptions.TrimEntries);
        return Parse(part, words[0], Times) is { } budget && (words.Length == 1 || words[1].Length > 0)
            ? budget with { Target = words.Length > 1 ? words[1] : null }
            : null;
    });

    /// <summary>
    /// Reads budgets of memory: <c>8MB@128</c>, several with semicolons; without a length they hold at the most tokens. Null where the text is something else.
    /// </summary>
    public static IReadOnlyList<Budget>? ParseMemory(string text) => All(text, part => Parse(part, part, Sizes));

    /// <summary>Reads a size: <c>25MB</c>. Null where the text is something else.</summary>
    public static double? ParseSize(string text) => Parse(text, text, Sizes) is { Tokens: null } budget ? budget.Limit : null;

    /// <summary>Reads a share: <c>2%</c> is 0.02. Null where the text is something else.</summary>
    public static double? ParseShare(string text) =>
        text.EndsWith('%')
        && double.TryParse(text[..^1], NumberStyles.AllowDecimalPoint | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var percent)
            ? percent / 100
            : null;

    private static List<Budget>? All(string text, Func<string, Budget?> parse)
    {
        var parts = text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(parse).ToList();
        return parts.Count > 0 && parts.TrueForAll(p => p is not null) ? parts.ConvertAll(p => p!) : null;
    }

    private static Budget? Parse(string whole, string text, (string Name, double Factor)[] units)
    {
        var at = text.IndexOf('@', StringComparison.Ordinal);
        var amount = (at < 0 ? text : text[..at]).Trim();
        long? tokens = null;
        if (at >= 0)
        {
            if (!int.TryParse(text[(at + 1)..].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number < 1)
            {
                return null;
            }

            tokens = number;
        }

        var (unit, factor) = units.FirstOrDefault(u => amount.EndsWith(u.Name, StringComparison.OrdinalIgnoreCase));
        return unit is not null
            && double.TryParse(amount[..^unit.Length].TrimEnd(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            && value > 0 && double.IsFinite(value)
            ? new Budget(whole, value * factor, tokens, null)
            : null;
    }
}
