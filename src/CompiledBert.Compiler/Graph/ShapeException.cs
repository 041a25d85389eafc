namespace CompiledBert.Compiler.Graph;

/// <summary>An operator does not fit its operands; importers turn this into a diagnostic with file and node.</summary>
public sealed class ShapeException(string message) : Exception(message);
