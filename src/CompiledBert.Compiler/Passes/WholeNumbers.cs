using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Passes;

/// <summary>Which values are whole numbers although their type is floating point: what quantised models are made of.</summary>
internal static class WholeNumbers
{
    private const int MaxDepth = 12;
    private const int SmallCount = 1024;

    /// <summary>Whether a value is made of whole numbers only.</summary>
    public static bool AreAll(Value value) => AreAll(value, 0);

    /// <summary>The bounds of a value that is clamped whole numbers, <c>Min(Max(x, low), high)</c>, wherever they were moved; null for others.</summary>
    public static (double Low, double High)? Clamped(Value value)
    {
        while (value.Producer is { } move && move.Operator.IsMove())
        {
            value = move.In(0);
        }

        return value.IsWithScalar(BinaryKind.Min, out var inner, out var high) && inner.IsWithScalar(BinaryKind.Max, out var x, out var low)
            && double.IsInteger(low) && double.IsInteger(high) && AreAll(x)
                ? (low, high)
                : null;
    }

    /// <summary>Whether a value is whole numbers clamped to what a type of 8 or 16 bits can say: converted to it, it loses nothing.</summary>
    public static bool Fit(Value value, DataType type) => Clamped(value) is var (low, high) && type switch
    {
        DataType.Int8 => low >= sbyte.MinValue && high <= sbyte.MaxValue,
        DataType.UInt8 => low >= 0 && high <= byte.MaxValue,
        DataType.Int16 => low >= short.MinValue && high <= short.MaxValue,
        DataType.UInt16 => low >= 0 && high <= ushort.MaxValue,
        _ => false,
    };

    private static bool AreAll(Value value, int depth)
    {
        if (value.Constant is { Count: <= SmallCount } data)
        {
            return data.Type.IsInteger() || (data.Type == DataType.Float32 && data.As<float>().ToArray().All(float.IsInteger));
        }

        if (depth > MaxDepth || value.Producer is not { } node)
        {
            return false;
        }

        return node.Operator switch
        {
            Unary { Kind: UnaryKind.Round or UnaryKind.Floor or UnaryKind.Ceil } => true,
            Unary { Kind: UnaryKind.Neg or UnaryKind.Abs or UnaryKind.Identity } => AreAll(node.In(0), depth + 1),
            var move when move.IsMove() => AreAll(node.In(0), depth + 1),
            Binary { Kind: BinaryKind.Add or BinaryKind.Sub or BinaryKind.Min or BinaryKind.Max } =>
                AreAll(node.In(0), depth + 1) && AreAll(node.In(1), depth + 1),
            Cast => node.In(0).Type.IsInteger() || AreAll(node.In(0), depth + 1),
            _ => false,
        };
    }
}
