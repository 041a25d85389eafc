using CompiledBert.Training.Native;

namespace CompiledBert.Training.Tests;

/// <summary>
/// A test that trains, maybe a large model that lies beside the repository; skipped, saying so, where libtorch cannot be loaded or the model is absent.
/// </summary>
internal sealed class TorchFactAttribute : FactAttribute
{
    public TorchFactAttribute(string? model = null) => Skip = Why() ?? (model is null ? null : RepositoryFiles.WhyWithout(model));

    public static string? Why() => NativeTorch.Prepare(1) is { } failure ? "libtorch cannot be loaded here: " + failure : null;
}

/// <summary>The same for a theory.</summary>
internal sealed class TorchTheoryAttribute : TheoryAttribute
{
    public TorchTheoryAttribute() => Skip = TorchFactAttribute.Why();
}
