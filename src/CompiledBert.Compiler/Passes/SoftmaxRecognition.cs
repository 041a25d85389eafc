using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Passes;

/// <summary>
/// Softmax from its parts.
/// <code>
/// e = exp(x − max(x))
/// e / sum(e)           → Softmax(x)
/// </code>
/// Without the maximum it stays as it is: where exp overflows, the parts mean something else.
/// </summary>
public sealed class SoftmaxRecognition : RewritePass
{
    /// <inheritdoc/>
    protected override void Rewrite(Node node, Rewriter rewriter)
    {
        if (node.Operator is Binary { Kind: BinaryKind.Div }
            && node.In(0) is var exponential
            && exponential.Is(UnaryKind.Exp, out var shifted)
            && node.In(1).Is<Reduce>(out var sum, out var summed)
            && sum is { Kind: ReduceKind.Sum, Axes: [var axis] }
            && ReferenceEquals(summed, exponential)
            && shifted.Is(BinaryKind.Sub, out var x, out var max)
            && max.Is<Reduce>(out var reduce, out var maximised)
            && reduce is { Kind: ReduceKind.Max, Axes: [var maxAxis] }
            && maxAxis == axis
            && ReferenceEquals(maximised, x))
        {
            rewriter.Replace(node, rewriter.Add(node, new Softmax(axis), x), node.In(1).Producer, exponential.Producer, shifted.Producer, max.Producer);
        }
    }
}
