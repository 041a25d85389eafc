using CompiledBert.Compiler.Tokenizers;

namespace CompiledBert.Compiler.Heads;

/// <summary>The files that describe a model: beside it, in the folder above, or where the metadata say.</summary>
internal sealed class ModelFolder
{
    private readonly List<string> _folders;
    private readonly List<string> _asked = [];

    public ModelFolder(CompileOptions options)
    {
        var own = Path.GetDirectoryName(Path.GetFullPath(options.ModelPath))!;
        _folders = options.TokenizerFolder is { } named ? [Path.GetFullPath(named, own)]
            : string.Equals(Path.GetFileName(own), "onnx", StringComparison.OrdinalIgnoreCase) && Path.GetDirectoryName(own) is { } above ? [own, above]
            : [own];
    }

    /// <summary>Every file that was read or looked for.</summary>
    public IReadOnlyList<string> Asked => _asked;

    /// <summary>Looks in a folder within, too.</summary>
    public void AlsoIn(string within) => _folders.AddRange([.. _folders.Select(folder => Path.Combine(folder, within))]);

    /// <summary>The path of a file; null where there is none.</summary>
    public string? Find(string name)
    {
        foreach (var folder in _folders)
        {
            var path = Path.Combine(folder, name);
            _asked.Add(path);
            if (File.Exists(path))
            {
                return path;
            }
        }

        return null;
    }

    /// <summary>A JSON file; null where there is none.</summary>
    public JsonPart? Read(string name) => Find(name) is { } path ? JsonPart.Read(path) : null;
}
