using Xunit;

namespace CompiledBert.Tests;

/// <summary>A test of a model that lies beside the repository; skipped, saying so, where it is absent. Without a model the folder of them is needed.</summary>
internal sealed class SharedModelFactAttribute : FactAttribute
{
    public SharedModelFactAttribute(string? model = null) => Skip = RepositoryFiles.WhyWithout(model);
}

/// <summary>The same for a theory; without a model, one over many of them, which needs their folder.</summary>
internal sealed class SharedModelTheoryAttribute : TheoryAttribute
{
    public SharedModelTheoryAttribute(string? model = null) => Skip = RepositoryFiles.WhyWithout(model);
}
