namespace CompiledBert.Compiler.Targets;

/// <summary>A device that people know by name: its kinds of cores, the fastest first, with their clocks.</summary>
/// <param name="Name">Its name in <c>Targets</c>: <c>pixel-6</c>.</param>
/// <param name="Title">Its name for people.</param>
/// <param name="Cores">Its cores with the clocks they have there.</param>
public sealed record Device(string Name, string Title, IReadOnlyList<Core> Cores);
