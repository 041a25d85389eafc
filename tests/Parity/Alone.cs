using Xunit;

namespace CompiledBert.Parity;

/// <summary>Tests that measure the whole process: they run when no others do.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
