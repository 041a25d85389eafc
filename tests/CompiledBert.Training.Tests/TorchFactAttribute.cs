using CompiledBert.Training.Native;

namespace CompiledBert.Training.Tests;

/// <summary>A test that trains; skipped, saying so, where libtorch cannot be loaded.</summary>
internal sealed class TorchFactAttribute : FactAttribute
{
    public TorchFactAttribute() => Skip = Why();

    public static string? Why() => NativeTorch.Prepare(1) is { } failure ? "libtorch cannot be loaded here: " + failure : null;
}

/// <summary>The same for a theory.</summary>
internal sealed class TorchTheoryAttribute : TheoryAttribute
{
    public TorchTheoryAttribute() => Skip = TorchFactAttribute.Why();
}
