using CompiledBert.Compiler.Graph;
using static TorchSharp.torch;

namespace CompiledBert.Training.Learning;

/// <summary>
/// The two factors of a table of words with the least squared error, each row's as often as it is read and a little more: its rows in the
/// leading eigenvectors of its columns' products.
/// </summary>
/// <param name="Table">The rows [words, embedding].</param>
/// <param name="Projection">The eigenvectors, a row each [embedding, columns].</param>
internal sealed record WordFactors(TensorData Table, TensorData Projection)
{
    // What a row counts that no text reads.
    private const float Unread = 0.1f;

    public static WordFactors Of(WeightMatrix table, int width, IReadOnlyList<int>? uses)
    {
        using var scope = NewDisposeScope();
        var rows = tensor(table.Data.ToFloats(), [table.Rows, table.Columns]);
        var counted = uses is null ? rows : rows * tensor(uses.Select(u => MathF.Sqrt(u + Unread)).ToArray(), [table.Rows, 1]);
        var (_, vectors) = linalg.eigh(counted.t().matmul(counted).to_type(ScalarType.Float64));
        var leading = vectors.slice(1, table.Columns - width, table.Columns, 1).to_type(ScalarType.Float32).contiguous();
        return new WordFactors(
            TensorData.FromFloats([table.Rows, width], rows.matmul(leading).contiguous().data<float>().ToArray()),
            TensorData.FromFloats([width, table.Columns], leading.t().contiguous().data<float>().ToArray()));
    }
}
