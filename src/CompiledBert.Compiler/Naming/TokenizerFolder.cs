namespace CompiledBert.Compiler;

/// <summary>The folder that <c>Tokenizer</c> names: relative to the project, as all files of an item are, or else to the model's folder.</summary>
public static class TokenizerFolder
{
    /// <summary>The folder's absolute path.</summary>
    /// <param name="named">What the item or the option says.</param>
    /// <param name="projectFolder">The project's folder; for the tool, the current one.</param>
    /// <param name="modelPath">The model file.</param>
    /// <returns>The folder; null where there is none.</returns>
    public static string? Find(string named, string projectFolder, string modelPath) =>
        Places(named, projectFolder, modelPath).FirstOrDefault(Directory.Exists);

    /// <summary>Why there is none, with the places that were looked at.</summary>
    public static Diagnostic Missing(string named, string projectFolder, string modelPath) =>
        DiagnosticTable.TokenizerFolderMissing.At(
            modelPath, null, named, string.Join(" nor ", Places(named, projectFolder, modelPath).Select(place => "'" + place + "'")));

    private static IEnumerable<string> Places(string named, string projectFolder, string modelPath) =>
        new[] { projectFolder, Path.GetDirectoryName(Path.GetFullPath(modelPath))! }
            .Select(folder => Path.GetFullPath(Path.Combine(folder, named)))
            .Distinct(StringComparer.Ordinal);
}
