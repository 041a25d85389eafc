using System.Security.Cryptography;
using CompiledBert.Build.Protocol;
using CompiledBert.Compiler;

namespace CompiledBert.Build.Host;

/// <summary>The files a result was made of, by their contents: written beside the result, and compared before it is used again.</summary>
/// <remarks>Paths are relative to the model's folder, so that a project can move.</remarks>
internal static class InputContents
{
    private const string Absent = "absent";

    /// <summary>Files beside a model that describe it: each counts as an input, there or not.</summary>
    private static readonly string[] CompanionNames =
        ["config.json", "special_tokens_map.json", "tokenizer.json", "tokenizer_config.json", "vocab.txt"];

    /// <summary>The files beside a model that may describe it. They lie a folder higher where the model's folder is called <c>onnx</c>.</summary>
    public static IEnumerable<string> CompanionsOf(string modelPath)
    {
        var folder = Path.GetDirectoryName(modelPath)!;
        if (string.Equals(Path.GetFileName(folder), "onnx", StringComparison.OrdinalIgnoreCase))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        return CompanionNames.Select(name => Path.Combine(folder, name));
    }

    /// <summary>SHA-256 of a file in hexadecimal, or that there is none.</summary>
    public static string HashOf(string path)
    {
        if (!File.Exists(path))
        {
            return Absent;
        }

        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20, FileOptions.SequentialScan);
            return Convert.ToHexStringLower(SHA256.HashData(file));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw DiagnosticTable.FileInaccessible.Error(path, null, exception.Message);
        }
    }

    /// <summary>The list of files and hashes as it is written beside a result.</summary>
    public static string Describe(string modelPath, IEnumerable<string> files) =>
        string.Concat(files.Select(file => ProtocolText.Line(RelativeTo(modelPath, file), HashOf(file)) + "\n"));

    /// <summary>The files on a list that <see cref="Describe"/> wrote, where all have the contents they had; null where one changed.</summary>
    public static IReadOnlyList<string>? Match(string modelPath, string description)
    {
        var files = new List<string>();
        foreach (var line in description.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (ProtocolText.Fields(line) is not [var relative, var hash])
            {
                return null;
            }

            var path = Path.GetFullPath(relative, Path.GetDirectoryName(modelPath)!);
            if (HashOf(path) != hash)
            {
                return null;
            }

            files.Add(path);
        }

        return files;
    }

    private static string RelativeTo(string modelPath, string file) => Path.GetRelativePath(Path.GetDirectoryName(modelPath)!, file);
}
