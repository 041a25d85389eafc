using CompiledBert.Compiler;

namespace CompiledBert.Cli.Projects;

/// <summary>A model with the files that belong to it, on its way into a project's folder.</summary>
internal sealed class ModelCopy
{
    private readonly List<(string From, string To)> _files = [];

    /// <param name="modelPath">The model.</param>
    /// <param name="filesRead">Every file that compiling it read, or looked for.</param>
    /// <param name="tokenizerFolder">The folder of the files that describe it, where that is not its own.</param>
    /// <param name="projectFolder">Where it goes: <c>model/NAME</c> in there.</param>
    public ModelCopy(string modelPath, IReadOnlyList<string> filesRead, string? tokenizerFolder, string projectFolder)
    {
        var model = Path.GetFullPath(modelPath);
        var root = Path.GetDirectoryName(model)!;
        if (string.Equals(Path.GetFileName(root), "onnx", StringComparison.OrdinalIgnoreCase) && Path.GetDirectoryName(root) is { } above)
        {
            root = above;
        }

        var stem = Path.GetFileNameWithoutExtension(model);
        var folder = Path.Combine(projectFolder, "model", stem is "model" or "model_quantized" ? Path.GetFileName(root) : stem);
        foreach (var file in filesRead.Select(Path.GetFullPath).Distinct(StringComparer.Ordinal).Where(File.Exists))
        {
            var within = Within(file, root) ?? (tokenizerFolder is null ? null : Within(file, tokenizerFolder)) ?? Path.GetFileName(file);
            _files.Add((file, Path.Combine(folder, within)));
        }

        Model = _files.First(f => f.From == model).To;
    }

    /// <summary>Where the model will lie.</summary>
    public string Model { get; }

    /// <summary>Copies what is not there yet. Returns what was copied.</summary>
    /// <exception cref="CompileException">Another file lies at the place of one; nothing is copied then.</exception>
    public IReadOnlyList<string> Run()
    {
        var missing = _files.Where(f => !IsThere(f.From, f.To)).ToList();
        foreach (var (from, to) in missing)
        {
            var temporary = to + "." + Guid.NewGuid().ToString("N");
            try
            {
                Directory.CreateDirectory(Path.GetDirectoryName(to)!);
                File.Copy(from, temporary);
                File.SetAttributes(temporary, FileAttributes.Normal);
                File.Move(temporary, to);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                File.Delete(temporary);
                throw DiagnosticTable.FileInaccessible.Error(to, null, e.Message);
            }
        }

        return [.. missing.Select(f => f.To)];
    }

    private static bool IsThere(string from, string to)
    {
        if (!File.Exists(to))
        {
            return false;
        }

        using var one = File.OpenRead(from);
        using var other = File.OpenRead(to);
        return one.Length == other.Length
            && System.Security.Cryptography.SHA256.HashData(one).AsSpan().SequenceEqual(System.Security.Cryptography.SHA256.HashData(other))
            ? true
            : throw DiagnosticTable.FileTaken.Error(to, null, from);
    }

    private static string? Within(string file, string folder) =>
        Path.GetRelativePath(folder, file) is var relative && !relative.StartsWith("..", StringComparison.Ordinal) && !Path.IsPathRooted(relative)
            ? relative
            : null;
}
