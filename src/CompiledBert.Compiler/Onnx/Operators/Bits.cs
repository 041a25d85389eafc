using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Onnx.Operators;

/// <summary>Operators on the bits of integers.</summary>
internal static class Bits
{
    public static void Register(OperatorTable table)
    {
        table.Add("BitShift", 2, 2, BitShift);
        foreach (var (name, kind) in new[] { ("BitwiseAnd", BinaryKind.And), ("BitwiseOr", BinaryKind.Or), ("BitwiseXor", BinaryKind.Xor) })
        {
            table.Add(name, 2, 2, n => n.Set(n.Emit(kind, Integer(n, 0), Integer(n, 1))));
        }

        table.Add("BitwiseNot", 1, 1, n => n.Set(n.Emit(BinaryKind.Xor, Integer(n, 0), NodeImport.Scalar(n.Data(0).Type, -1))));
    }

    private static Value Integer(NodeImport n, int index) =>
        n.Data(index) is { } x && x.Type.IsInteger()
            ? x
            : throw n.BadTypes($"integers are needed, not {n.Data(index).Type}");

    /// <summary>A shift is a product with a power of two, or a quotient of what is never negative.</summary>
    private static void BitShift(NodeImport n)
    {
        var (x, by) = (Integer(n, 0), Integer(n, 1));
        if (x.Type is not (DataType.UInt8 or DataType.UInt16 or DataType.UInt32 or DataType.UInt64))
        {
            throw n.BadTypes($"unsigned integers are needed, not {x.Type}");
        }

        // In 64 bits: a power of two that an element's type does not hold would be 0.
        var wide = x.Type == DataType.UInt64 ? DataType.UInt64 : DataType.Int64;
        var power = n.Emit(BinaryKind.Pow, NodeImport.Scalar(wide, 2), n.EmitCast(by, wide));
        var kind = n.Text("direction", "") switch
        {
            "LEFT" => BinaryKind.Mul,
            "RIGHT" => BinaryKind.Div,
            var other => throw n.BadAttribute("direction", $"is '{Diagnostic.Abbreviate(other)}', not 'LEFT' or 'RIGHT'"),
        };

        // A shift by all bits or more leaves nothing.
        var isAll = n.Emit(BinaryKind.GreaterOrEqual, by, x.Type.BitsOf());
        var one = n.EmitSelect(isAll, NodeImport.Scalar(wide, 1), power);
        var shifted = n.EmitCast(n.Emit(kind, n.EmitCast(x, wide), one), x.Type);
        n.Set(n.EmitSelect(isAll, NodeImport.Scalar(x.Type, 0), shifted));
    }
}
