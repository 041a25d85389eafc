[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace CompiledBert.Parity.Fixtures;

/// <summary>Where models lie: small ones in the repository, large ones in a folder beside it, which may be absent.</summary>
internal static class RepositoryFiles
{
    public static string Root { get; } = FindRoot();

    /// <summary>One folder a model, with test data.</summary>
    public static string Zoo => Path.Combine(Root, "tests", "models", "zoo");

    /// <summary>A model of the folder beside the repository; null where it is not there.</summary>
    public static string? Shared(string path) => SharedModels is { } models && File.Exists(Path.Combine(models, path)) ? Path.Combine(models, path) : null;

    private static string? SharedModels
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

/// <summary>A test of a model that lies beside the repository; skipped, saying so, where it is absent.</summary>
internal sealed class SharedModelFactAttribute : FactAttribute
{
    public SharedModelFactAttribute(string model)
    {
        if (RepositoryFiles.Shared(model) is null)
        {
            Skip = $"models/{model} is not on this machine.";
        }
    }
}

/// <inheritdoc cref="SharedModelFactAttribute"/>
internal sealed class SharedModelTheoryAttribute : TheoryAttribute
{
    public SharedModelTheoryAttribute(string model)
    {
        if (RepositoryFiles.Shared(model) is null)
        {
            Skip = $"models/{model} is not on this machine.";
        }
    }
}
