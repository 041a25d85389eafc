using CompiledBert.Compiler.Evaluation;
using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Passes;

/// <summary>
/// Exporters guard softmax against rows that are masked throughout. Where masks are known to be finite no such row gives NaN, and the guard goes.
/// <code>
/// p = Softmax(s + m)                    m finite
/// Select(IsNaN(p), 0, p)                → p
/// </code>
/// Where a mask may hold −∞ the guard means something and stays.
/// </summary>
public sealed class SoftmaxGuardRemoval : RewritePass
{
    private const int MaxDepth = 16;

    /// <inheritdoc/>
    protected override void Rewrite(Node node, Rewriter rewriter)
    {
        if (node.Operator is Select
            && node.In(0).Is(UnaryKind.IsNaN, out var tested)
            && ReferenceEquals(tested, node.In(2))
            && tested.Shape == node.Output.Shape
            && tested.Is<Softmax>(out _, out var scores)
            && IsFinite(scores))
        {
            rewriter.Replace(node, tested);
        }
    }

    /// <summary>Products are taken to be finite; what is added to them must be known to be.</summary>
    private static bool IsFinite(Value value)
    {
        if (value.Is(BinaryKind.Add, out var a, out var b))
        {
            return IsFinite(a) && IsFinite(b);
        }

        return value.Producer?.Operator is MatMul or Linear
            || (value.IsWithScalar(BinaryKind.Mul, out var x, out _) && x.Producer?.Operator is MatMul or Linear)
            || Bounds(value, MaxDepth) is not null;
    }

    /// <summary>The least and the largest value that can occur, where both are finite.</summary>
    private static (double Low, double High)? Bounds(Value value, int depth)
    {
        if (depth == 0)
        {
            return null;
        }

        if (value.Constant is { Count: > 0 and <= 1 << 20 } data)
        {
            var tensor = Tensor.Of(data);
            return tensor.IsFloat
                ? Finite(tensor.Floats.Min(), tensor.Floats.Max())
                : Finite(tensor.Integers.Min(), tensor.Integers.Max());
        }

        if (value.Type == DataType.Bool)
        {
            return (0, 1);
        }

        if (value.Producer is not { } producer)
        {
            return null;
        }

        (double Low, double High)? Operand(int i) => Bounds(producer.In(i), depth - 1);
        switch (producer.Operator)
        {
            case Cast or Expand or Reshape or Transpose or Slice or Gather or GatherNd or GatherElements:
                return Operand(0);
            case Select when Operand(1) is var (a, b) && Operand(2) is var (c, d):
                return Finite(Math.Min(a, c), Math.Max(b, d));
            case Binary { Kind: BinaryKind.Add } when Operand(0) is var (a, b) && Operand(1) is var (c, d):
                return Finite(a + c, b + d);
            case Binary { Kind: BinaryKind.Sub } when Operand(0) is var (a, b) && Operand(1) is var (c, d):
                return Finite(a - d, b - c);
            case Binary { Kind: BinaryKind.Mul } when Operand(0) is var (a, b) && Operand(1) is var (c, d):
                double[] corners = [a * c, a * d, b * c, b * d];
                return Finite(corners.Min(), corners.Max());
            default:
                return null;
        }
    }

    private static (double Low, double High)? Finite(double low, double high) =>
        low >= -float.MaxValue && high <= float.MaxValue ? (low, high) : null;
}
