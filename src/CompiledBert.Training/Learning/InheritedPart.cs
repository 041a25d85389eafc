using CompiledBert.Compiler.Graph;
using CompiledBert.Training.Models;
using static TorchSharp.torch;

namespace CompiledBert.Training.Learning;

/// <summary>A part of a matrix or of a vector.</summary>
/// <param name="From">Whose.</param>
/// <param name="Rows">The rows of a matrix, rising; null for all, and for a vector.</param>
/// <param name="Columns">The columns of a matrix or the elements of a vector, rising; null for all.</param>
/// <param name="Factor">What the elements are multiplied by.</param>
internal sealed record InheritedPart(string From, int[]? Rows, int[]? Columns, float Factor = 1)
{
    /// <summary>The part as data.</summary>
    public TensorData Of(TensorData whole)
    {
        var isVector = whole.Dims.Count == 1;
        var part = new WeightMatrix(isVector ? TensorData.FromFloats([1, whole.Dims[0]], whole.ToFloats()) : whole).Take(Rows, Columns);
        return TensorData.FromFloats(isVector ? [part.Columns] : [part.Rows, part.Columns], [.. part.Data.ToFloats().Select(w => w * Factor)]);
    }

    /// <summary>The part as a tensor through which gradients go to the whole.</summary>
    public Tensor Of(Tensor whole)
    {
        var part = Picked(Picked(whole, 0, whole.dim() == 1 ? Columns : Rows), whole.dim() - 1, whole.dim() == 1 ? null : Columns);
        return Factor == 1 ? part : part.Times(Factor);
    }

    private static Tensor Picked(Tensor from, long dimension, int[]? which) =>
        which is null || which.Length == from.shape[dimension] ? from : from.index_select(dimension, tensor(which.Select(i => (long)i).ToArray()));
}
