using System.Text;
using System.Text.Json;
using CompiledBert.Compiler;

namespace CompiledBert.Training.Runs;

/// <summary>
/// The folder of one run: what it was asked for (<c>run.json</c>), what happened (<c>log.jsonl</c>, an event a line), the state of the training
/// under way, the result.
/// </summary>
public sealed class RunFolder : IDisposable
{
    private readonly StreamWriter _log;
    private readonly FileStream _held;

    private RunFolder(string path, FileStream held, List<JsonElement> events)
    {
        (FolderPath, _held, Events) = (path, held, events);
        _log = new StreamWriter(
            new FileStream(Path.Combine(path, "log.jsonl"), FileMode.Append, FileAccess.Write, FileShare.Read), new UTF8Encoding(false))
        {
            AutoFlush = true,
        };
    }

    /// <summary>The folder.</summary>
    public string FolderPath { get; }

    /// <summary>What had happened when the folder was opened.</summary>
    public IReadOnlyList<JsonElement> Events { get; }

    /// <summary>Those events of a kind that had happened when the folder was opened.</summary>
    internal IEnumerable<JsonElement> EventsOf(string kind) =>
        Events.Where(e => e.ValueKind == JsonValueKind.Object && e.TryGetProperty("event", out var named) && named.ValueEquals(kind));

    /// <summary>Begins a run, or goes on with one.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="request">What is asked, as JSON: the same to go on.</param>
    /// <param name="resume">Whether to go on with what is there.</param>
    /// <exception cref="CompileException">There is a run already, or one of another request.</exception>
    public static RunFolder Open(string path, string request, bool resume)
    {
        try
        {
            Directory.CreateDirectory(path);
            var asked = Path.Combine(path, "run.json");
            if (!File.Exists(asked))
            {
                if (Directory.EnumerateFileSystemEntries(path).Any(entry => !entry.EndsWith("run.json.new", StringComparison.Ordinal)))
                {
                    throw DiagnosticTable.RunFolder.Error(path, null, "it has other files in it; name a new folder by --out");
                }

                File.WriteAllText(asked + ".new", request);
                File.Move(asked + ".new", asked);
            }
            else if (!resume)
            {
                throw DiagnosticTable.RunFolder.Error(path, null, "it has a run already; go on with it by --resume, or name a new folder by --out");
            }
            else if (File.ReadAllText(asked) is var before && before != request)
            {
                throw DiagnosticTable.RunFolder.Error(path, null, $"it was begun with other options: {Diagnostic.Abbreviate(before.ReplaceLineEndings(" "))}");
            }

            var held = Hold(path);
            try
            {
                return new RunFolder(path, held, Whole(Path.Combine(path, "log.jsonl")));
            }
            catch
            {
                held.Dispose();
                throw;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw DiagnosticTable.FileInaccessible.Error(path, null, e.Message);
        }
    }

    /// <summary>A file in the folder.</summary>
    public string At(string name) => Path.Combine(FolderPath, name);

    /// <summary>Notes an event: an object of JSON on a line of its own; several threads may.</summary>
    public void Note(string json)
    {
        lock (_log)
        {
            _log.Write(json + "\n");
        }
    }

    /// <summary>Writes a file beside its place and moves it there.</summary>
    public void Put(string name, Action<Stream> write)
    {
        var path = At(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using (var stream = File.Create(path + ".new"))
        {
            write(stream);
        }

        File.Move(path + ".new", path, overwrite: true);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _log.Dispose();
        _held.Dispose();
    }

    /// <summary>A file that no other process has open as long as this one has; it is let go of however a process ends.</summary>
    private static FileStream Hold(string path)
    {
        try
        {
            return new FileStream(Path.Combine(path, "run.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            throw DiagnosticTable.RunFolder.Error(path, null, "another process is at work in it; wait for its end, or stop it");
        }
    }

    /// <summary>The whole lines of a log. A line that was cut off while it was written is taken out of the file.</summary>
    private static List<JsonElement> Whole(string path)
    {
        if (!File.Exists(path))
        {
            return [];
        }

        var text = File.ReadAllText(path);
        var end = text.LastIndexOf('\n') + 1;
        if (end < text.Length)
        {
            File.WriteAllText(path, text[..end]);
        }

        try
        {
            return [.. text[..end].Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<JsonElement>(line))];
        }
        catch (JsonException)
        {
            throw DiagnosticTable.RunFolder.Error(path, null, "its log is damaged; begin anew in another folder");
        }
    }
}
