namespace CompiledBert.Tests;

/// <summary>Where the fixtures of all test projects lie: in the repository, and in a folder of large models beside it, which may be absent.</summary>
internal static class RepositoryFiles
{
    /// <summary>The repository's folder.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Malformed and awkward ONNX files; index.json gives each its class.</summary>
    public static string BadModels => Path.Combine(Root, "tests", "models", "bad");

    /// <summary>One folder a model, with test data.</summary>
    public static string Zoo => Path.Combine(Root, "tests", "models", "zoo");

    /// <summary>The folder of large models: where CBERT_SHARED says, or beside the repository; null where this machine has none.</summary>
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

    /// <summary>A file among the large models; null where it is not there.</summary>
    public static string? Shared(string path) => SharedModels is { } models && File.Exists(Path.Combine(models, path)) ? Path.Combine(models, path) : null;

    /// <summary>Why a test of a large model, or of all of them, cannot run here; null where it can.</summary>
    public static string? WhyWithout(string? model) =>
        SharedModels is null ? "There is no folder shared/models beside the repository."
        : model is not null && Shared(model) is null ? $"models/{model} is not on this machine."
        : null;

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "CompiledBert.slnx")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("The tests do not run inside the repository.");
    }
}
