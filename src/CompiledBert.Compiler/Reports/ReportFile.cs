namespace CompiledBert.Compiler.Reports;

/// <summary>Reports on disk.</summary>
public static class ReportFile
{
    /// <summary>Reads a report.</summary>
    /// <param name="path">The file.</param>
    /// <param name="askedBy">The file that messages name: the model that asked for it, or the report itself.</param>
    /// <exception cref="CompileException">There is no such file, it cannot be read, or it is no report.</exception>
    public static ModelReport Read(string path, string askedBy)
    {
        try
        {
            return ReportJson.Read(File.ReadAllText(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            throw DiagnosticTable.InvalidBaseline.Error(
                askedBy, null, Path.GetFileName(path), e is FileNotFoundException or DirectoryNotFoundException ? "There is no such file." : e.Message);
        }
    }
}
