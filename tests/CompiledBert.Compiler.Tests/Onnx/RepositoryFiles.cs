namespace CompiledBert.Compiler.Tests.Onnx;

/// <summary>Where the fixtures lie: tests/models in the repository, and the folder of larger models beside it, which may be absent.</summary>
internal static class RepositoryFiles
{
    public static string Root { get; } = FindRoot();

    /// <summary>Malformed and awkward ONNX files; index.json gives each its class.</summary>
    public static string BadModels => Path.Combine(Root, "tests", "models", "bad");

    /// <summary>The folder of shared models, or null where this machine has none.</summary>
    public static string? SharedModels
    {
        get
        {
            if (Environment.GetEnvironmentVariable("CBERT_SHARED") is { Length: > 0 } given)
            {
                return Path.Combine(given, "models");
            }

            for (var folder = Directory.GetParent(Root); folder is not null; folder = folder.Parent)
            {
                var models = Path.Combine(folder.FullName, "shared", "models");
                if (Directory.Exists(models))
                {
                    return models;
                }
            }

            return null;
        }
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "global.json")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("The tests do not run inside the repository.");
    }
}
