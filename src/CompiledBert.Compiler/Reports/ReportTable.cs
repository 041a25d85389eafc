using System.Globalization;

namespace CompiledBert.Compiler.Reports;

/// <summary>A report as a short table for consoles: estimated milliseconds on each target at each length.</summary>
public static class ReportTable
{
    /// <summary>The table, line by line. A call with steps of unknown cost shows what the others take, after a <c>&gt;</c>.</summary>
    public static IReadOnlyList<string> Lines(ModelReport report)
    {
        string[] heads = ["estimated ms", "GHz", .. report.Lengths.Select(l => l.Tokens?.ToString(CultureInfo.InvariantCulture) ?? "fixed")];
        string[][] rows =
        [
            heads,
            .. report.Targets.Select(t => (string[])
            [
                t.Label + (t.IsCorrected ? ", corrected by a profile" : ""), t.Gigahertz.ToString("0.0#", CultureInfo.InvariantCulture),
                .. t.Costs.Select(c => (c.UnknownSteps > 0 ? "> " : "") + Number(t.MillisecondsOf(c.Cycles))),
            ]),
        ];
        var widths = heads.Select((_, i) => rows.Max(r => r[i].Length)).ToList();
        return [.. rows.Select(row => string.Join("  ", row.Select((text, i) => i == 0 ? text.PadRight(widths[i]) : text.PadLeft(widths[i]))))];
    }

    /// <summary>Milliseconds with three digits that count.</summary>
    public static string Number(double milliseconds) =>
        milliseconds.ToString(milliseconds >= 100 ? "0" : milliseconds >= 10 ? "0.0" : milliseconds >= 1 ? "0.00" : "0.000", CultureInfo.InvariantCulture);
}
