using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Passes;

/// <summary>
/// GELU and SiLU from their parts, in any order of the factors.
/// <code>
/// x · ½ · (1 + erf(x/√2))                        → GeluErf(x)
/// x · ½ · (1 + tanh(√(2/π)·(x + 0.044715·x³)))   → GeluTanh(x)
/// x · sigmoid(2·√(2/π)·(x + 0.044715·x³))        → GeluTanh(x)
/// x · sigmoid(x)                                 → Silu(x)
/// </code>
/// Other factors stay as a product with the result.
/// </summary>
public sealed class GeluRecognition : RewritePass
{
    private static readonly double ErfSlope = Math.Sqrt(0.5);
    private static readonly double TanhSlope = Math.Sqrt(2 / Math.PI);
    private const double Cubic = 0.044715;

    /// <inheritdoc/>
    protected override void Rewrite(Node node, Rewriter rewriter)
    {
        if (node.Operator is not Binary { Kind: BinaryKind.Mul } || !node.Output.Type.IsFloat() || IsInnerFactor(node, rewriter))
        {
            return;
        }

        var factors = new List<Value>();
        var absorbed = new List<Node>();
        var scale = Collect(node, factors, absorbed, rewriter);
        foreach (var gate in factors)
        {
            foreach (var x in factors)
            {
                if (!ReferenceEquals(gate, x) && Match(gate, x) is var (kind, factor) && x.Shape == node.Output.Shape)
                {
                    absorbed.Add(gate.Producer!);
                    var result = rewriter.Add(node, new Unary(kind), x);
                    factors.Remove(gate);
                    factors.Remove(x);
                    result = factors.Aggregate(result, (product, rest) => rewriter.Add(node, new Binary(BinaryKind.Mul), product, rest));
                    if (!Pattern.Near(scale * factor, 1))
                    {
                        result = rewriter.Add(node, new Binary(BinaryKind.Mul), result, Rewriter.Scalar(x.Type, scale * factor));
                    }

                    rewriter.Replace(node, result, absorbed);
                    return;
                }
            }
        }
    }

    private static bool IsInnerFactor(Node node, Rewriter rewriter) =>
        rewriter.HasOneUse(node.Output) && node.Output.Users[0].Operator is Binary { Kind: BinaryKind.Mul };

    /// <summary>The factors of a product of products; returns the product of the scalar constants among them.</summary>
    private static double Collect(Node product, List<Value> factors, List<Node> absorbed, Rewriter rewriter)
    {
        var scale = 1.0;
        foreach (var factor in product.Inputs.OfType<Value>())
        {
            if (factor.IsScalar(out var number) && factor.Shape.Rank <= product.Output.Shape.Rank)
            {
                scale *= number;
            }
            else if (factor.Producer is { Operator: Binary { Kind: BinaryKind.Mul } } inner && rewriter.HasOneUse(factor))
            {
                absorbed.Add(inner);
                scale *= Collect(inner, factors, absorbed, rewriter);
            }
            else
            {
                factors.Add(factor);
            }
        }

        return scale;
    }

    /// <summary>The function that gate·x is, and what it must be multiplied with.</summary>
    private static (UnaryKind Kind, double Factor)? Match(Value gate, Value x)
    {
        if (gate.Is(UnaryKind.Sigmoid, out var inner) && Polynomial.Of(inner, x) is { } p)
        {
            return Matches(p, 1, 0) ? (UnaryKind.Silu, 1)
                : Matches(p, 2 * TanhSlope, 2 * TanhSlope * Cubic) ? (UnaryKind.GeluTanh, 1)
                : null;
        }

        // offset + slope·f(inner) with offset = slope
        if (!gate.IsWithScalar(BinaryKind.Add, out var term, out var offset))
        {
            return null;
        }

        var slope = 1.0;
        if (term.IsWithScalar(BinaryKind.Mul, out var function, out var c))
        {
            (term, slope) = (function, c);
        }

        if (!Pattern.Near(slope, offset))
        {
            return null;
        }

        if (term.Is(UnaryKind.Erf, out inner) && Polynomial.Of(inner, x) is { } e && Matches(e, ErfSlope, 0))
        {
            return (UnaryKind.GeluErf, 2 * offset);
        }

        return term.Is(UnaryKind.Tanh, out inner) && Polynomial.Of(inner, x) is { } t && Matches(t, TanhSlope, TanhSlope * Cubic)
            ? (UnaryKind.GeluTanh, 2 * offset)
            : null;
    }

    private static bool Matches(double[] p, double linear, double cubic) =>
        p[0] == 0 && p[2] == 0 && Pattern.Near(p[1], linear) && (cubic == 0 ? p[3] == 0 : Pattern.Near(p[3], cubic));
}
