using CompiledBert.Compiler;

namespace CompiledBert.Cli.Output;

/// <summary>
/// A folder that is written whole or not at all: beside its place first, then moved there. It lists its files, so that a later run knows what is its own.
/// </summary>
internal static class OutputFolder
{
    /// <summary>The file that names all others.</summary>
    public const string ListName = "compiledbert.files";

    private const int NamedFiles = 3;

    /// <summary>What a build makes in the folder; it may go with the rest.</summary>
    private static readonly string[] BuildFolders = ["bin", "obj"];

    /// <summary>Writes the folder; one that an earlier run wrote gives way. Returns its files.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="write">Writes the files into the folder it is given.</param>
    /// <exception cref="CompileException">There is something else at the path, or it cannot be written; what was there is as it was.</exception>
    public static IReadOnlyList<string> Write(string path, Action<string> write)
    {
        var folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        var temporary = folder + ".new-" + Guid.NewGuid().ToString("N");
        try
        {
            RefuseWhatIsNotOurs(folder);
            Directory.CreateDirectory(temporary);
            write(temporary);
            var files = FilesIn(temporary);
            File.WriteAllLines(Path.Combine(temporary, ListName), files);
            Publish(temporary, folder);
            return files;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw DiagnosticTable.FileInaccessible.Error(path, null, e.Message);
        }
        finally
        {
            Remove(temporary);
        }
    }

    private static void RefuseWhatIsNotOurs(string folder)
    {
        if (File.Exists(folder))
        {
            throw DiagnosticTable.FolderTaken.Error(folder, null, "it is a file");
        }

        if (!Directory.Exists(folder))
        {
            return;
        }

        var list = Path.Combine(folder, ListName);
        var own = File.Exists(list) ? File.ReadAllLines(list).ToHashSet(StringComparer.Ordinal) : [];
        var foreign = FilesIn(folder)
            .Where(f => !own.Contains(f) && f != ListName && !BuildFolders.Contains(f.Split('/')[0], StringComparer.OrdinalIgnoreCase))
            .ToList();
        if (foreign.Count > 0)
        {
            var more = foreign.Count > NamedFiles ? FormattableString.Invariant($" and {foreign.Count - NamedFiles} more") : "";
            throw DiagnosticTable.FolderTaken.Error(folder, null, $"it has {string.Join(", ", foreign.Take(NamedFiles))}{more}");
        }
    }

    private static void Publish(string temporary, string folder)
    {
        if (!Directory.Exists(folder))
        {
            Directory.Move(temporary, folder);
            return;
        }

        var old = folder + ".old-" + Guid.NewGuid().ToString("N");
        Directory.Move(folder, old);
        try
        {
            Directory.Move(temporary, folder);
        }
        catch
        {
            Directory.Move(old, folder);
            throw;
        }

        Remove(old);
    }

    private static List<string> FilesIn(string folder) =>
    [
        .. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(f => Path.GetRelativePath(folder, f).Replace(Path.DirectorySeparatorChar, '/')).Order(StringComparer.Ordinal),
    ];

    private static void Remove(string folder)
    {
        try
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What is left lies beside the result and says in its name that it is none.
        }
    }
}
