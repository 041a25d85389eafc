[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace CompiledBert.Parity.Fixtures;

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
