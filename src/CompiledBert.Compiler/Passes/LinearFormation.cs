using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Passes;

/// <summary>
/// Products with constant weights, whatever their exporter wrote them as.
/// <code>
/// MatMul(x, W)             → Linear(x, W)          W constant [K,N], or [1,K,N]
/// Linear(x, W, b) + c      → Linear(x, W, b+c)     c a constant vector, on either side
/// (Linear(x, W, b)+y) + c  → Linear(x, W, b+c) + y
/// Conv1d(x, w) of one tap  → Transpose(Linear(Transpose(x), wᵀ))
/// </code>
/// </summary>
public sealed class LinearFormation : RewritePass
{
    /// <inheritdoc/>
    protected override void Rewrite(Node node, Rewriter rewriter)
    {
        switch (node.Operator)
        {
            case MatMul when node.In(1) is { IsConstant: true, Type: DataType.Float32 } weights && weights.Shape.SkipLast(2).All(d => d.Is(1)):
                var matrix = rewriter.Reshaped(node, weights, new Shape(weights.Shape.TakeLast(2)));
                rewriter.Replace(node, rewriter.Reshaped(node, rewriter.Add(node, new Linear(), node.In(0), matrix), node.Output.Shape));
                break;
            case Binary { Kind: BinaryKind.Add }:
                if (!TryBias(node, node.In(0), node.In(1), rewriter))
                {
                    TryBias(node, node.In(1), node.In(0), rewriter);
                }

                break;
            case Conv1d { Groups: 1, Stride: 1, PadBefore: 0, PadAfter: 0 }
                when node.In(1) is { IsConstant: true, Type: DataType.Float32 } w && w.Shape[2].Is(1)
                && (node.Inputs.Count < 3 || node.Inputs[2] is null or { IsConstant: true }):
                var x = rewriter.Add(node, new Transpose(0, 2, 1), node.In(0));
                var linear = new List<Value?> { x, WeightAlgebra.Transposed(rewriter.Reshaped(node, w, new Shape(w.Shape[0], w.Shape[1]))) };
                if (node.Inputs.Count > 2 && node.Inputs[2] is { } bias)
                {
                    linear.Add(bias);
                }

                rewriter.Replace(node, rewriter.Add(node, new Transpose(0, 2, 1), rewriter.Add(node, new Linear(), [.. linear])));
                break;
        }
    }

    private static bool TryBias(Node node, Value product, Value vector, Rewriter rewriter)
    {
        // A bias behind the residual goes in front of it.
        if (product.Is(BinaryKind.Add, out var a, out var b) && rewriter.HasOneUse(product) && vector.IsConstant)
        {
            var (linearSide, rest) = a.Producer?.Operator is Linear ? (a, b) : (b, a);
            if (Biased(node, linearSide, vector, rewriter) is { } biased && product.Shape == node.Output.Shape)
            {
                rewriter.Replace(node, rewriter.Add(node, new Binary(BinaryKind.Add), biased, rest), product.Producer, linearSide.Producer);
                return true;
            }
        }

        if (product.Shape != node.Output.Shape || Biased(node, product, vector, rewriter) is not { } result)
        {
            return false;
        }

        rewriter.Replace(node, result, product.Producer);
        return true;
    }

    /// <summary>The product with a vector added to its bias; null where that is not possible.</summary>
    private static Value? Biased(Node node, Value product, Value vector, Rewriter rewriter)
    {
        if (product.Producer is not { Operator: Linear } linear
            || !rewriter.HasOneUse(product)
            || !vector.IsVector(product.Shape[-1], product.Shape.Rank)
            || linear.Inputs.Count > 2 && linear.Inputs[2] is { IsConstant: false })
        {
            return null;
        }

        var added = vector.ToVector(product.Shape[-1]);
        if (linear.Inputs.Count > 2 && linear.Inputs[2] is { } bias)
        {
            added = WeightAlgebra.Combine(bias.ToVector(product.Shape[-1]), added, (a, b) => a + b);
        }

        var origins = linear.Origins.Concat(node.Origins);
        return rewriter.Graph.Add(product.Name, new Linear(), [linear.In(0), linear.In(1), WeightAlgebra.Vector(vector.Name, added)], origins);
    }
}
