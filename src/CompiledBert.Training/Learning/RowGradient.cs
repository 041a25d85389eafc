using static TorchSharp.torch;

namespace CompiledBert.Training.Learning;

/// <summary>The gradient of some rows of a table.</summary>
/// <param name="Table">The table's name.</param>
/// <param name="Rows">The rows, each once [U].</param>
/// <param name="Gradient">Their gradient [U, columns].</param>
public sealed record RowGradient(string Table, Tensor Rows, Tensor Gradient);
