namespace CompiledBert.Compiler.Evaluation;

/// <summary>The data given does not allow a result: an index out of range, lengths that do not fit.</summary>
public sealed class EvaluationException(string message) : Exception(message);
