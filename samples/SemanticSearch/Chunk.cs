namespace SemanticSearch;

/// <summary>A paragraph of a file.</summary>
/// <param name="File">The file's path in the folder.</param>
/// <param name="Line">The first line, counted from 1.</param>
/// <param name="Text">The text, its lines joined.</param>
internal sealed record Chunk(string File, int Line, string Text)
{
    private const int MaxCharacters = 600;

    /// <summary>The paragraphs of every text file below a folder, in the order of their paths. Long ones are cut between lines.</summary>
    public static IEnumerable<Chunk> Of(string folder) =>
        from path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
        where Path.GetExtension(path) is ".txt" or ".md"
        from chunk in Of(Path.GetRelativePath(folder, path), System.IO.File.ReadLines(path))
        select chunk;

    private static IEnumerable<Chunk> Of(string file, IEnumerable<string> lines)
    {
        var (text, start, number) = ("", 0, 0);
        foreach (var line in lines.Select(l => l.Trim()))
        {
            number++;
            if (text.Length > 0 && (line.Length == 0 || text.Length + line.Length >= MaxCharacters))
            {
                yield return new Chunk(file, start, text);
                text = "";
            }

            if (line.Length > 0)
            {
                (text, start) = text.Length == 0 ? (line, number) : (text + " " + line, start);
            }
        }

        if (text.Length > 0)
        {
            yield return new Chunk(file, start, text);
        }
    }
}
