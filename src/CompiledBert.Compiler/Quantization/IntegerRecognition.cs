using System.Runtime.InteropServices;
using CompiledBert.Compiler.Graph;
using CompiledBert.Compiler.Passes;

namespace CompiledBert.Compiler.Quantization;

/// <summary>
/// Products of whole numbers that a quantised model is made of, as the importer wrote them in floats, become products of integers: the stored weights as
/// they are, the sums exact.
/// <code>
/// Linear(u − z, W)   u whole in 0 … 255 or −128 … 127, z whole and one number, W whole in −128 … 127
/// → IntegerLinear(Cast(u − c), W, Cast(c − z))   c 128 or 0
/// </code>
/// </summary>
internal static class IntegerRecognition
{
    private const int MaxDepth = 12;

    public static void Run(ModelGraph graph)
    {
        var operands = new Dictionary<(Value, float), Value>();
        var changed = false;
        foreach (var node in graph.Nodes.Where(n => n.Operator is Linear).ToList())
        {
            if (Match(graph, node.In(0)) is not { } match || !IsWhole(node.In(1).Constant!) || node.In(1).Shape[0].Value > IntegerLinear.MaxRows)
            {
                continue;
            }

            var (whole, zero, centre) = match;
            if (!operands.TryGetValue((whole, centre), out var integers))
            {
                var moved = centre == 0 ? whole : graph.Add(whole.Name, new Binary(BinaryKind.Sub), [whole, ModelGraph.Constant(centre)], node.Origins);
                integers = operands[(whole, centre)] = graph.Add(whole.Name, new Cast(DataType.Int8, IsWhole: true), [moved], node.Origins);
            }

            var inputs = new List<Value?> { integers, Narrowed(node.In(1)) };
            if (zero is not null || centre != 0)
            {
                var shift = zero is null ? ModelGraph.Constant(centre) : graph.Add(zero.Name, new Binary(BinaryKind.Sub), [ModelGraph.Constant(centre), zero], node.Origins);
                inputs.Add(shift.IsConstant
                    ? ModelGraph.Constant(shift.Name, TensorData.FromBytes(DataType.Int32, [], BitConverter.GetBytes((int)centre)))
                    : graph.Add(shift.Name, new Cast(DataType.Int32), [shift], node.Origins));
            }

            var result = graph.Add(node.Output.Name, new IntegerLinear(), inputs, node.Origins);
            if (node.Inputs.Count > 2 && node.Inputs[2] is { } bias)
            {
                result = graph.Add(node.Output.Name, new Binary(BinaryKind.Add), [result, bias], node.Origins);
            }

            graph.ReplaceUses(node.Output, result);
            changed = true;
        }

        if (changed)
        {
            graph.Tidy();
            GraphVerifier.Verify(graph, nameof(IntegerRecognition));
        }
    }

    /// <summary>The operand of a product as whole numbers, their zero point, and the middle of their range.</summary>
    private static (Value Whole, Value? Zero, float Centre)? Match(ModelGraph graph, Value x)
    {
        if (x.Producer is { Operator: Reshape or Transpose } view)
        {
            return Match(graph, view.In(0)) is { } inner
                ? (graph.Add(x.Name, view.Operator, [inner.Whole], view.Origins), inner.Zero, inner.Centre)
                : null;
        }

        if (x.Is(BinaryKind.Sub, out var a, out var b) && b.Shape.Elements.Is(1) && CentreOf(a) is { } centre && IsWhole(b, 0))
        {
            return (a, b, centre);
        }

        return CentreOf(x) is { } own ? (x, null, own) : null;
    }

    /// <summary>128 for whole numbers 0 … 255, 0 for −128 … 127; null for others.</summary>
    private static float? CentreOf(Value value)
    {
        if (value.IsWithScalar(BinaryKind.Min, out var inner, out var high) && inner.IsWithScalar(BinaryKind.Max, out var x, out var low) && IsWhole(x, 0))
        {
            return low >= 0 && high <= 255 ? 128 : low >= -128 && high <= 127 ? 0 : null;
        }

        return null;
    }

    /// <summary>Whether a value is made of whole numbers only.</summary>
    private static bool IsWhole(Value value, int depth)
    {
        if (value.Constant is { Count: <= 1024 } data)
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
            Unary { Kind: UnaryKind.Neg or UnaryKind.Abs or UnaryKind.Identity } or Reshape or Transpose or Expand or Slice => IsWhole(node.In(0), depth + 1),
            Binary { Kind: BinaryKind.Add or BinaryKind.Sub or BinaryKind.Min or BinaryKind.Max } => IsWhole(node.In(0), depth + 1) && IsWhole(node.In(1), depth + 1),
            Cast => node.In(0).Type.IsInteger() || IsWhole(node.In(0), depth + 1),
            _ => false,
        };
    }

    private static bool IsWhole(TensorData data)
    {
        foreach (var element in data.As<float>())
        {
            if (!float.IsInteger(element) || element is < -128 or > 127)
            {
                return false;
            }
        }

        return true;
    }

    private static Value Narrowed(Value matrix)
    {
        var data = matrix.Constant!;
        return ModelGraph.Constant(matrix.Name, TensorData.Derived(DataType.Int8, [.. data.Dims], () =>
        {
            var source = data.As<float>();
            var bytes = new byte[source.Length];
            var result = MemoryMarshal.Cast<byte, sbyte>(bytes.AsSpan());
            for (var i = 0; i < result.Length; i++)
            {
                result[i] = (sbyte)source[i];
            }

            return bytes;
        }));
    }
}
