using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Passes;

/// <summary>
/// Constant vectors behind a norm become its scale and bias.
/// <code>
/// LayerNorm(x, γ, β)·c  → LayerNorm(x, γ·c, β·c)
/// LayerNorm(x, γ, β)+c  → LayerNorm(x, γ, β+c)
/// RmsNorm(x, γ)·c       → RmsNorm(x, γ·c)
/// </code>
/// </summary>
public sealed class NormAffineFolding : RewritePass
{
    /// <inheritdoc/>
    protected override void Rewrite(Node node, Rewriter rewriter)
    {
        if (node.Operator is Binary { Kind: BinaryKind.Mul or BinaryKind.Add } binary && !TryFold(binary.Kind, node, node.In(0), node.In(1), rewriter))
        {
            TryFold(binary.Kind, node, node.In(1), node.In(0), rewriter);
        }
    }

    private static bool TryFold(BinaryKind kind, Node node, Value normed, Value vector, Rewriter rewriter)
    {
        if (normed.Producer is not { Operator: LayerNorm or RmsNorm } norm
            || !rewriter.HasOneUse(normed)
            || !vector.IsVector(normed.Shape[-1], normed.Shape.Rank)
            || norm.Inputs.Skip(1).Any(i => i is { IsConstant: false }))
        {
            return false;
        }

        var width = normed.Shape[-1];
        var factor = vector.ToVector(width);
        var scale = norm.In(1).ToVector(width);
        var bias = norm.Inputs.Count > 2 ? norm.Inputs[2]?.ToVector(width) : null;
        if (kind == BinaryKind.Add)
        {
            if (norm.Operator is RmsNorm)
            {
                return false;
            }

            bias = bias is null ? factor : WeightAlgebra.Combine(bias, factor, (a, b) => a + b);
        }
        else
        {
            scale = WeightAlgebra.Combine(scale, factor, (a, b) => a * b);
            bias = bias is null ? null : WeightAlgebra.Combine(bias, factor, (a, b) => a * b);
        }

        var operands = new List<Value?> { norm.In(0), WeightAlgebra.Vector(kind == BinaryKind.Mul ? vector.Name : norm.In(1).Name, scale) };
        if (bias is not null)
        {
            operands.Add(WeightAlgebra.Vector(kind == BinaryKind.Add ? vector.Name : norm.Inputs[2]!.Name, bias));
        }

        rewriter.Replace(node, rewriter.Add(node, norm.Operator, [.. operands]), norm);
        return true;
    }
}
