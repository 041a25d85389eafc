using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Passes;

/// <summary>
/// Numbers that multiply an operand of a product multiply the product instead, through whatever only moves elements.
/// <code>
/// MatMul(Transpose(q·a), Transpose(k·b))  → MatMul(Transpose(q), Transpose(k))·(a·b)
/// </code>
/// So attention's scale is one number on the scores, whether the exporter divided scores by √d, or q, or q and k by its root.
/// </summary>
public sealed class AttentionScale : RewritePass
{
    /// <inheritdoc/>
    protected override void Rewrite(Node node, Rewriter rewriter)
    {
        if (node.Operator is not MatMul || node.Output.Type != DataType.Float32)
        {
            return;
        }

        var scale = 1.0;
        var absorbed = new List<Node>();
        var a = Without(node.In(0), ref scale, absorbed, rewriter);
        var b = Without(node.In(1), ref scale, absorbed, rewriter);
        if (absorbed.Count > 0 && float.IsNormal((float)scale))
        {
            var product = rewriter.Add(node, new MatMul(), a, b);
            rewriter.Replace(node, rewriter.Add(node, new Binary(BinaryKind.Mul), product, Rewriter.Scalar(DataType.Float32, scale)), absorbed);
        }
    }

    /// <summary>The operand without its number.</summary>
    private static Value Without(Value operand, ref double scale, List<Node> absorbed, Rewriter rewriter)
    {
        var moves = new Stack<Node>();
        var value = operand;
        while (value.Producer is { Operator: Reshape or Transpose or Slice or Expand } move && rewriter.HasOneUse(value))
        {
            moves.Push(move);
            value = move.In(0);
        }

        if (!value.IsWithScalar(BinaryKind.Mul, out var x, out var c) || !rewriter.HasOneUse(value) || x.Shape != value.Shape)
        {
            return operand;
        }

        scale *= c;
        absorbed.Add(value.Producer!);
        while (moves.TryPop(out var move))
        {
            x = rewriter.Add(move, move.Operator, x);
        }

        return x;
    }
}
