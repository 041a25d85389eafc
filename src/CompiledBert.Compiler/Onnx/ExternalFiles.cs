using System.Globalization;
using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Onnx;

/// <summary>
/// The files beside a model that hold its tensors' data. A location comes from the model and is not to be trusted: it must name a regular file
/// inside the model's folder. Nothing is opened before its path and size have been checked.
/// </summary>
internal sealed class ExternalFiles(string modelPath) : IDisposable
{
    private readonly Dictionary<string, MappedFile> _open = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _paths = new(StringComparer.Ordinal);

    /// <summary>Full paths of the files that were opened, in ordinal order.</summary>
    public IReadOnlyCollection<string> Paths => _paths;

    /// <summary>Refuses a location that could lead out of the model's folder, without touching the file system.</summary>
    public void CheckLocation(string tensor, string location)
    {
        var wrong =
            location.Length == 0 ? "the location is empty"
            : location.Contains('\0', StringComparison.Ordinal) ? "the location contains a zero character"
            : location.Contains("://", StringComparison.Ordinal) ? "the location is a URL"
            : location.Contains('\\', StringComparison.Ordinal) ? "the location contains a backslash"
            : location[0] == '/' || Path.IsPathRooted(location) || location.Contains(':', StringComparison.Ordinal) ? "the location is not relative"
            : location.Split('/').Any(part => part == "..") ? "the location leads out of the model's folder"
            : null;
        if (wrong is not null)
        {
            throw DiagnosticTable.ExternalDataPath.Error(modelPath, null, tensor, Diagnostic.Abbreviate(location), wrong);
        }
    }

    /// <summary>A tensor whose bytes are a range of an external file; the range is checked, the bytes are not read.</summary>
    public TensorData Map(string tensor, DataType type, long[] dims, long bytes, IReadOnlyDictionary<string, string> entries)
    {
        var location = entries.GetValueOrDefault("location", "");
        CheckLocation(tensor, location);
        var offset = Number(tensor, location, entries, "offset") ?? 0;
        var length = Number(tensor, location, entries, "length") ?? bytes;
        if (length != bytes)
        {
            throw Invalid(tensor, location, $"its length is given as {length} bytes, its dimensions need {bytes}");
        }

        if (bytes == 0)
        {
            return TensorData.FromBytes(type, dims, []);
        }

        var file = Open(tensor, location, out var size);
        if (offset > size || bytes > size - offset)
        {
            throw Invalid(tensor, location, $"it needs {bytes} bytes from {offset}, the file has {size}");
        }

        return bytes <= int.MaxValue
            ? new MappedTensor(type, dims, file(), offset)
            : throw DiagnosticTable.TooLarge.Error(modelPath, null, tensor, Shape.Of(dims), bytes, int.MaxValue);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var file in _open.Values)
        {
            file.Dispose();
        }
    }

    private Func<MappedFile> Open(string tensor, string location, out long size)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(modelPath))!;
        var path = Path.Combine(folder, location.Replace('/', Path.DirectorySeparatorChar));
        if (_open.TryGetValue(path, out var open))
        {
            size = open.Length;
            return () => open;
        }

        var info = new FileInfo(path);
        if (!info.Exists)
        {
            throw Invalid(tensor, location, Directory.Exists(path) ? "this is a folder" : "this file does not exist");
        }

        // A model cache may keep the model and its data as links into one folder of blobs: inside the real model's folder is inside too.
        var target = Resolve(path);
        if (!IsInside(Resolve(folder), target) && !IsInside(Path.GetDirectoryName(Resolve(Path.GetFullPath(modelPath)))!, target))
        {
            throw DiagnosticTable.ExternalDataPath.Error(
                modelPath, null, tensor, Diagnostic.Abbreviate(location), "the location is a link that leads out of the model's folder");
        }

        // Pipes and devices have no length, so that they are refused here before they are opened.
        size = new FileInfo(target).Length;
        return () =>
        {
            try
            {
                _paths.Add(path);
                return _open[path] = MappedFile.Open(target);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw Invalid(tensor, location, e.Message);
            }
        };
    }

    /// <summary>The path with every link on the way to it followed.</summary>
    private static string Resolve(string path)
    {
        var root = Path.GetPathRoot(path)!;
        var resolved = root;
        foreach (var part in path[root.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            var next = Path.Combine(resolved, part);
            FileSystemInfo info = Directory.Exists(next) ? new DirectoryInfo(next) : new FileInfo(next);
            resolved = info.LinkTarget is null ? next : Resolve(info.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? next);
        }

        return resolved;
    }

    private static bool IsInside(string folder, string path) =>
        path.StartsWith(Path.TrimEndingDirectorySeparator(folder) + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    private long? Number(string tensor, string location, IReadOnlyDictionary<string, string> entries, string key)
    {
        if (!entries.TryGetValue(key, out var text))
        {
            return null;
        }

        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw Invalid(tensor, location, $"its {key} '{Diagnostic.Abbreviate(text)}' is not a number of bytes");
    }

    private CompileException Invalid(string tensor, string location, string wrong) =>
        DiagnosticTable.ExternalData.Error(modelPath, null, Diagnostic.Abbreviate(tensor), Diagnostic.Abbreviate(location), wrong);
}
