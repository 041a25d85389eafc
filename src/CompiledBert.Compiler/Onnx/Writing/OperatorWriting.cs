using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Onnx.Writing;

/// <summary>Canonical operators as nodes of ONNX.</summary>
internal static class OperatorWriting
{
    public static void Write(Node node, NodeWriter to)
    {
        var output = node.Output;
        string[] inputs = [.. node.Inputs.Select(i => to.NameOf(i ?? throw Unknown(node, "an operand that is absent")))];
        var name = to.NameOf(output);
        switch (node.Operator)
        {
            case Gather gather:
                to.Add("Gather", inputs, name, ("axis", (long)gather.Axis));
                break;
            case Linear when inputs.Length == 3:
                to.Add("Add", [to.Add("MatMul", inputs[..2], to.Between(output, "product")), inputs[2]], name);
                break;
            case Linear or MatMul:
                to.Add("MatMul", inputs, name);
                break;
            case LayerNorm norm:
                to.Add("LayerNormalization", inputs, name, ("axis", -1L), ("epsilon", norm.Epsilon));
                break;
            case Softmax softmax:
                to.Add("Softmax", inputs, name, ("axis", (long)softmax.Axis));
                break;
            case Transpose transpose:
                to.Add("Transpose", inputs, name, ("perm", transpose.Permutation.Select(p => (long)p).ToArray()));
                break;
            case Cast cast:
                to.Add("Cast", inputs, name, ("to", (long)NodeWriter.NumberOf(cast.To)));
                break;
            case Reshape reshape:
                to.Add("Reshape", [inputs[0], to.Integers(output, "shape", Target(node, reshape.To))], name);
                break;
            case Slice slice:
                WriteSlice(node, slice, inputs[0], name, to);
                break;
            case Reduce { Kind: ReduceKind.Sum } sum:
                to.Add("ReduceSum", [inputs[0], to.Integers(output, "axes", [.. sum.Axes.Select(a => (long)a)])], name, ("keepdims", 1L));
                break;
            case Unary { Kind: UnaryKind.GeluErf }:
                WriteGelu(output, inputs[0], name, to);
                break;
            case Unary { Kind: UnaryKind.Relu or UnaryKind.Tanh or UnaryKind.Erf or UnaryKind.Sigmoid } unary:
                to.Add(unary.Kind.ToString(), inputs, name);
                break;
            case Binary { Kind: BinaryKind.Add or BinaryKind.Sub or BinaryKind.Mul or BinaryKind.Div } binary:
                to.Add(binary.Kind.ToString(), inputs, name);
                break;
            default:
                throw Unknown(node, "this operator");
        }
    }

    /// <summary>x·½·(1 + erf(x/√2)), as exporters write it.</summary>
    private static void WriteGelu(Value output, string x, string name, NodeWriter to)
    {
        var erf = to.Add("Erf", [to.Add("Div", [x, to.Scalar(output, "root", MathF.Sqrt(2))], to.Between(output, "scaled"))], to.Between(output, "erf"));
        var share = to.Add("Add", [erf, to.Scalar(output, "one", 1)], to.Between(output, "share"));
        to.Add("Mul", [to.Add("Mul", [x, share], to.Between(output, "twice")), to.Scalar(output, "half", 0.5f)], name);
    }

    private static void WriteSlice(Node node, Slice slice, string x, string name, NodeWriter to)
    {
        if (slice.Step != 1 || !slice.Start.IsConstant)
        {
            throw Unknown(node, "a start or step known at run time only");
        }

        var output = node.Output;
        var end = slice.Length.IsConstant ? to.Integers(output, "end", slice.Start.Value + slice.Length.Value)
            : slice.Start.Is(0) && slice.Length.AsSymbol is { } symbol ? to.Length(symbol)
            : throw Unknown(node, $"the length {slice.Length}");
        to.Add("Slice", [x, to.Integers(output, "start", slice.Start.Value), end, to.Integers(output, "axis", slice.Axis)], name);
    }

    /// <summary>A reshape's target: 0 for an axis that stays, −1 for at most one that only run time knows.</summary>
    private static long[] Target(Node node, Shape to)
    {
        var from = node.In(0).Shape;
        long[] target = [.. to.Select((dim, axis) => dim.IsConstant ? dim.Value : axis < from.Rank && from[axis] == dim ? 0 : -1)];
        return target.Count(t => t == -1) <= 1 ? target : throw Unknown(node, $"the shape {to}");
    }

    private static NotSupportedException Unknown(Node node, string what) => new($"{node.Operator.Name}: {what} cannot be written to an ONNX file.");
}
