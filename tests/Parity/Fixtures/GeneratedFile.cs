namespace CompiledBert.Parity;

/// <summary>Files of the repository that a test writes.</summary>
internal static class GeneratedFile
{
    /// <summary>Holds a file to what a test found; with CBERT_UPDATE set it is written instead.</summary>
    public static void Check(string path, string text)
    {
        var full = Path.Combine(RepositoryFiles.Root, path);
        if (Environment.GetEnvironmentVariable("CBERT_UPDATE") is { Length: > 0 })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            File.WriteAllText(full, text);
        }

        var current = File.Exists(full) ? File.ReadAllText(full).ReplaceLineEndings("\n") : "";
        Assert.True(text == current, $"{path} is not what the test found; run it again with CBERT_UPDATE=1.");
    }
}
