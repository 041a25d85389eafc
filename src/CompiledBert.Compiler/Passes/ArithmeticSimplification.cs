using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Passes;

/// <summary>
/// Arithmetic in the form that later passes look for: constants multiply and add rather than divide and subtract, powers are products.
/// <code>
/// x·1, x/1, x+0, x−0, x¹, −(−x)     → x
/// x/c                               → x·(1/c)          floating point
/// x−c                               → x+(−c)           floating point
/// (x·c)·d                           → x·(c·d)
/// x², x³, √ and reciprocal powers   → x·x, x·x·x, Sqrt, Rsqrt, Reciprocal
/// 1/x, Reciprocal(Sqrt(x))          → Reciprocal(x), Rsqrt(x)
/// x·Reciprocal(y), x+(−y)           → x/y, x−y
/// </code>
/// </summary>
public sealed class ArithmeticSimplification : RewritePass
{
    /// <inheritdoc/>
    protected override void Rewrite(Node node, Rewriter rewriter)
    {
        var result = node.Operator switch
        {
            Unary unary => OfUnary(unary.Kind, node, rewriter),
            Binary binary when node.In(0).Type is not DataType.Bool => OfBinary(binary.Kind, node, rewriter),
            _ => null,
        };
        if (result is not null)
        {
            rewriter.Replace(node, rewriter.Expanded(node, result, node.Output.Shape));
        }
    }

    private static Value? OfUnary(UnaryKind kind, Node node, Rewriter rewriter)
    {
        var x = node.In(0);
        return kind switch
        {
            UnaryKind.Neg when x.Is(UnaryKind.Neg, out var inner) => inner,
            UnaryKind.Reciprocal when x.Is(UnaryKind.Sqrt, out var inner) => rewriter.Add(node, new Unary(UnaryKind.Rsqrt), inner),
            UnaryKind.Reciprocal when x.Is(UnaryKind.Reciprocal, out var inner) => inner,
            UnaryKind.Relu when x.Is(UnaryKind.Relu, out _) => x,
            _ => null,
        };
    }

    private static Value? OfBinary(BinaryKind kind, Node node, Rewriter rewriter)
    {
        var (a, b) = (node.In(0), node.In(1));
        var floats = a.Type.IsFloat();
        switch (kind)
        {
            case BinaryKind.Add when b.IsScalar(0):
            case BinaryKind.Sub when b.IsScalar(0):
            case BinaryKind.Mul when b.IsScalar(1):
            case BinaryKind.Div when b.IsScalar(1):
            case BinaryKind.Pow when b.IsScalar(1):
                return a;
            case BinaryKind.Add when a.IsScalar(0):
            case BinaryKind.Mul when a.IsScalar(1):
                return b;
            case BinaryKind.Pow when floats && b.IsScalar(out var power):
                return OfPower(power, a, node, rewriter);
            case BinaryKind.Div when floats && b.IsScalar(out var divisor) && float.IsNormal((float)(1 / divisor)):
                return rewriter.Add(node, new Binary(BinaryKind.Mul), a, Rewriter.Scalar(b.Type, 1 / divisor));
            case BinaryKind.Div when floats && a.IsScalar(1):
                return rewriter.Add(node, new Unary(UnaryKind.Reciprocal), b);
            case BinaryKind.Sub when floats && b.IsScalar(out var subtracted):
                return rewriter.Add(node, new Binary(BinaryKind.Add), a, Rewriter.Scalar(b.Type, -subtracted));
            case BinaryKind.Mul when floats && Scaled(node, rewriter) is { } scaled:
                return scaled;
            case BinaryKind.Mul when floats && b.Is(UnaryKind.Reciprocal, out var y) && rewriter.HasOneUse(b):
                return rewriter.Add(node, new Binary(BinaryKind.Div), a, y);
            case BinaryKind.Mul when floats && a.Is(UnaryKind.Reciprocal, out var y) && rewriter.HasOneUse(a):
                return rewriter.Add(node, new Binary(BinaryKind.Div), b, y);
            case BinaryKind.Add when b.Is(UnaryKind.Neg, out var y) && rewriter.HasOneUse(b):
                return rewriter.Add(node, new Binary(BinaryKind.Sub), a, y);
            case BinaryKind.Add when a.Is(UnaryKind.Neg, out var y) && rewriter.HasOneUse(a):
                return rewriter.Add(node, new Binary(BinaryKind.Sub), b, y);
            case BinaryKind.Min or BinaryKind.Max when ReferenceEquals(a, b):
                return a;
            default:
                return null;
        }
    }

    private static Value? Scaled(Node node, Rewriter rewriter)
    {
        if (!node.Output.IsWithScalar(BinaryKind.Mul, out var x, out var outer)
            || !x.IsWithScalar(BinaryKind.Mul, out var inner, out var c)
            || !rewriter.HasOneUse(x)
            || !float.IsNormal((float)(outer * c)))
        {
            return null;
        }

        return rewriter.Add(node, new Binary(BinaryKind.Mul), inner, Rewriter.Scalar(node.Output.Type, outer * c));
    }

    private static Value? OfPower(double power, Value x, Node node, Rewriter rewriter)
    {
        var square = power is 2 or 3 ? rewriter.Add(node, new Binary(BinaryKind.Mul), x, x) : null;
        return power switch
        {
            2 => square,
            3 => rewriter.Add(node, new Binary(BinaryKind.Mul), square, x),
            0.5 => rewriter.Add(node, new Unary(UnaryKind.Sqrt), x),
            -0.5 => rewriter.Add(node, new Unary(UnaryKind.Rsqrt), x),
            -1 => rewriter.Add(node, new Unary(UnaryKind.Reciprocal), x),
            _ => null,
        };
    }

}
