namespace CompiledBert.Compiler.Reports;

/// <summary>A report as one page of HTML that needs nothing else: no network, no other file.</summary>
public static class ReportPage
{
    private static readonly Lazy<string> Template = new(() =>
    {
        using var stream = typeof(ReportPage).Assembly.GetManifestResourceStream("CompiledBert.Report.html")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    });

    /// <summary>The page of a report.</summary>
    /// <param name="json">The report as <see cref="ReportJson"/> writes it.</param>
    public static string Write(string json)
    {
        // Nothing in a name may end the script that holds the data.
        var data = json.TrimEnd().Replace("<", "\\u003c", StringComparison.Ordinal);
        return Template.Value.Replace("null/*report*/", data, StringComparison.Ordinal);
    }
}
