using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Passes;

/// <summary>
/// Constant factors before and after a product disappear in its weights.
/// <code>
/// Linear(x, W, b)·c  → Linear(x, W·c, b·c)     c a constant vector over the columns, or a number
/// Linear(x·c, W, b)  → Linear(x, c·W, b)       c a constant vector over the rows, or a number
/// </code>
/// </summary>
public sealed class LinearScaleFolding : RewritePass
{
    /// <inheritdoc/>
    protected override void Rewrite(Node node, Rewriter rewriter)
    {
        if (node.Operator is Binary { Kind: BinaryKind.Mul })
        {
            if (!TryColumns(node, node.In(0), node.In(1), rewriter))
            {
                TryColumns(node, node.In(1), node.In(0), rewriter);
            }
        }
        else if (node.Operator is Linear && node.In(0).Is(BinaryKind.Mul, out var a, out var b) && rewriter.HasOneUse(node.In(0)) && !TryRows(node, a, b, rewriter))
        {
            TryRows(node, b, a, rewriter);
        }
    }

    private static bool TryColumns(Node node, Value product, Value vector, Rewriter rewriter)
    {
        if (product.Producer is not { Operator: Linear } linear
            || !rewriter.HasOneUse(product)
            || product.Shape != node.Output.Shape
            || !linear.In(1).IsConstant
            || !vector.IsVector(product.Shape[-1], product.Shape.Rank))
        {
            return false;
        }

        var width = product.Shape[-1];
        var scale = vector.ToVector(width);
        var operands = new List<Value?> { linear.In(0), WeightAlgebra.ScaledColumns(linear.In(1), scale) };
        if (linear.Inputs.Count > 2 && linear.Inputs[2] is { } bias)
        {
            operands.Add(WeightAlgebra.Vector(bias.Name, WeightAlgebra.Combine(bias.ToVector(width), scale, (x, y) => x * y)));
        }

        rewriter.Replace(node, rewriter.Add(node, new Linear(), [.. operands]), linear);
        return true;
    }

    private static bool TryRows(Node node, Value x, Value vector, Rewriter rewriter)
    {
        if (!vector.IsVector(node.In(0).Shape[-1], node.In(0).Shape.Rank) || x.Shape != node.In(0).Shape || !node.In(1).IsConstant)
        {
            return false;
        }

        var weights = WeightAlgebra.ScaledRows(node.In(1), vector.ToVector(x.Shape[-1]));
        rewriter.Replace(node, rewriter.Add(node, new Linear(), [x, weights, .. node.Inputs.Skip(2)]), node.In(0).Producer);
        return true;
    }
}
