using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Fusion;

/// <summary>
/// Fusion assumed that a value need not exist in memory, and found that it must. The fusion stage catches this, remembers the value, and starts again:
/// a guess that is right nearly always and cheap to correct.
/// </summary>
internal sealed class MaterializeException(Value value) : Exception($"{value} must be materialised.")
{
    public Value Value { get; } = value;
}

/// <summary>A nest needs a value that is in memory only later; it cannot be written at this point.</summary>
internal sealed class NotYetException(Value value) : Exception($"{value} is needed before it is made.");
