using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Passes;

/// <summary>
/// Constant factors before and after a product disappear in its weights.
/// <code>
/// Linear(x, W, b)·c  → Linear(x, W·c, b·c)     c a constant vector over the columns, or a number
/// Linear(x·c, W, b)  → Linear(x, c·W, b)       c a constant vector over the rows, or a number
/// Linear(x, W)·(s·c) → Linear(x·s, W·c)        s one number that is computed, as a file's scale of quantised rows is: products of the same rows
///                                             then differ in constants only, and become one
/// </code>
/// </summary>
public sealed class LinearScaleFolding : RewritePass
{
    /// <inheritdoc/>
    protected override void Rewrite(Node node, Rewriter rewriter)
    {
        if (node.Operator is Binary { Kind: BinaryKind.Mul })
        {
            _ = TryColumns(node, node.In(0), node.In(1), rewriter) || TryColumns(node, node.In(1), node.In(0), rewriter)
                || TryNumber(node, node.In(0), node.In(1), rewriter) || TryNumber(node, node.In(1), node.In(0), rewriter);
        }
        else if (node.Operator is Linear && node.In(0).Is(BinaryKind.Mul, out var a, out var b) && rewriter.HasOneUse(node.In(0))
            && !TryRows(node, a, b, rewriter))
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

    /// <summary>A computed number behind a product goes in front of it, where nothing but products reads the operand.</summary>
    private static bool TryNumber(Node node, Value product, Value factor, Rewriter rewriter)
    {
        var (number, constant) = (factor, (Value?)null);
        if (factor.Producer is { Operator: Binary { Kind: BinaryKind.Mul } } scale && (scale.In(0).IsConstant || scale.In(1).IsConstant))
        {
            (number, constant) = scale.In(0).IsConstant ? (scale.In(1), scale.In(0)) : (scale.In(0), scale.In(1));
        }

        if (product.Producer is not { Operator: Linear } linear
            || !rewriter.HasOneUse(product)
            || product.Shape != node.Output.Shape
            || number.IsConstant || !number.Shape.Elements.Is(1) || number.Shape.Rank > product.Shape.Rank
            || (linear.Inputs.Count > 2 && linear.Inputs[2] is not null)
            || !linear.In(1).IsConstant
            || (constant is not null && !constant.IsVector(product.Shape[-1], product.Shape.Rank))
            || !linear.In(0).Users.All(IsProductOrScaled) || rewriter.Graph.IsOutput(linear.In(0)))
        {
            return false;
        }

        var weights = constant is null ? linear.In(1) : WeightAlgebra.ScaledColumns(linear.In(1), constant.ToVector(product.Shape[-1]));
        var operand = rewriter.Add(node, new Binary(BinaryKind.Mul), linear.In(0), number);
        rewriter.Replace(node, rewriter.Add(node, new Linear(), operand, weights), linear);
        return true;

        bool IsProductOrScaled(Node user) => user.Operator is Linear
            || (user.Operator is Binary { Kind: BinaryKind.Mul } && ReferenceEquals(user.In(1), number) && user.Output.Users.All(u => u.Operator is Linear));
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
