using CompiledBert.Compiler.Graph;
using CompiledBert.Compiler.Passes;

namespace CompiledBert.Compiler.Quantization;

/// <summary>
/// Products of whole numbers that a quantised model is made of, as the importer wrote them in floats, become products of integers: the stored weights as
/// they are, the sums exact. So do tables that were stored as whole numbers.
/// <code>
/// Linear((u − z)·s, W, b)   u whole in 0 … 255 or −128 … 127, z whole and one number, s one number; W = (Q + o)·t by columns (<see cref="StoredIntegers"/>)
/// → (IntegerLinear(q, Q, c − z) + o·(Σq + K·(c − z)))·t·s + b   q = Cast(u − c), c 128 or 0
/// Gather(E, ids)   E = (Q + o)·t   → (Cast(Gather(Q, ids)) + o)·t
/// </code>
/// </summary>
internal static class IntegerRecognition
{
    public static void Run(ModelGraph graph)
    {
        var operands = new Dictionary<(Value, float), Value>();
        var changed = false;
        foreach (var node in graph.Nodes.ToList())
        {
            changed |= node.Operator switch
            {
                Linear => TryProduct(graph, node, operands),
                Gather { Axis: 0 } => TryTable(graph, node),
                _ => false,
            };
        }

        if (changed)
        {
            graph.Tidy();
            GraphVerifier.Verify(graph, nameof(IntegerRecognition));
        }
    }

    private static bool TryProduct(ModelGraph graph, Node node, Dictionary<(Value, float), Value> operands)
    {
        if (node.In(1).Shape[0].Value > IntegerLinear.MaxRows || Match(graph, node.In(0)) is not { } match || StoredIntegers.Of(node.In(1)) is not { } weights)
        {
            return false;
        }

        var name = node.Output.Name;
        Value Add(Operator op, params Value[] inputs) => graph.Add(name, op, inputs, node.Origins);
        if (!operands.TryGetValue((match.Whole, match.Centre), out var integers))
        {
            var moved = match.Centre == 0 ? match.Whole : Add(new Binary(BinaryKind.Sub), match.Whole, ModelGraph.Constant(match.Centre));
            integers = operands[(match.Whole, match.Centre)] = graph.Add(match.Whole.Name, new Cast(DataType.Int8, IsWhole: true), [moved], node.Origins);
        }

        var inputs = new List<Value?> { integers, weights.Integers };
        Value? shift = null;
        if (match.Zero is not null || match.Centre != 0)
        {
            shift = match.Zero is null ? ModelGraph.Constant(match.Centre)
                : match.Zero.Constant is { } zero ? ModelGraph.Constant(match.Centre - zero.As<float>()[0])
                : Add(new Binary(BinaryKind.Sub), ModelGraph.Constant(match.Centre), match.Zero);
            inputs.Add(shift.Constant is { } number
                ? ModelGraph.Constant(name, TensorData.FromBytes(DataType.Int32, [], BitConverter.GetBytes((int)number.As<float>()[0])))
                : Add(new Cast(DataType.Int32), shift));
        }

        var result = graph.Add(name, new IntegerLinear(), inputs, node.Origins);
        if (!weights.IsCentred)
        {
            // Whole numbers below 2²⁴ all the way: exact in floats.
            var sums = Add(new Reduce(ReduceKind.Sum, integers.Shape.Rank - 1), Add(new Cast(DataType.Float32), integers));
            if (shift is not null)
            {
                sums = Add(new Binary(BinaryKind.Add), sums, Add(new Binary(BinaryKind.Mul), shift, ModelGraph.Constant((float)node.In(1).Shape[0].Value)));
            }

            result = Add(new Binary(BinaryKind.Add), result, Add(new Binary(BinaryKind.Mul), sums, Vector(name, weights.Offsets)));
        }

        var steps = weights.Steps;
        if (match.Scale?.Constant is { } scale)
        {
            steps = [.. steps.Select(step => step * scale.As<float>()[0])];
        }
        else if (match.Scale is { } computed)
        {
            result = Add(new Binary(BinaryKind.Mul), result, computed);
        }

        if (Array.Exists(steps, step => step != 1))
        {
            result = Add(new Binary(BinaryKind.Mul), result, Vector(name, steps));
        }

        if (node.Inputs.Count > 2 && node.Inputs[2] is { } bias)
        {
            result = Add(new Binary(BinaryKind.Add), result, bias);
        }

        graph.ReplaceUses(node.Output, result);
        return true;
    }

    /// <summary>Only tables that the importer dequantised are looked at: they are made of whole numbers, or of blocks.</summary>
    private static bool TryTable(ModelGraph graph, Node node)
    {
        if (node.In(0) is not { Type: DataType.Float32, Shape.Rank: 2, Constant: { IsDerived: true, Count: > 0 } }
            || StoredIntegers.Of(node.In(0)) is not { } table)
        {
            return false;
        }

        var name = node.Output.Name;
        Value Add(Operator op, params Value[] inputs) => graph.Add(name, op, inputs, node.Origins);
        var result = Add(new Cast(DataType.Float32), Add(node.Operator, table.Integers, node.In(1)));
        if (!table.IsCentred)
        {
            result = Add(new Binary(BinaryKind.Add), result, Vector(name, table.Offsets));
        }

        graph.ReplaceUses(node.Output, Add(new Binary(BinaryKind.Mul), result, Vector(name, table.Steps)));
        return true;
    }

    /// <summary>A row of numbers; one where all are the same.</summary>
    private static Value Vector(string name, float[] numbers) => Array.TrueForAll(numbers, number => number == numbers[0])
        ? ModelGraph.Constant(numbers[0])
        : ModelGraph.Constant("steps of " + name, TensorData.FromFloats([numbers.Length], numbers));

    /// <summary>The operand of a product as whole numbers, their zero point and scale, and the middle of their range.</summary>
    private static (Value Whole, Value? Zero, Value? Scale, float Centre)? Match(ModelGraph graph, Value x)
    {
        if (x.Producer is { Operator: Reshape or Transpose or Slice } view)
        {
            return Match(graph, view.In(0)) is { } inner
                ? (graph.Add(x.Name, view.Operator, [inner.Whole], view.Origins), inner.Zero, inner.Scale, inner.Centre)
                : null;
        }

        if (x.Is(BinaryKind.Mul, out var scaled, out var scale) && scale.Shape.Elements.Is(1) && Match(graph, scaled) is { Scale: null } ofScaled)
        {
            return ofScaled with { Scale = scale.IsConstant ? scale : Scalar(graph, scale) };
        }

        if (x.Is(BinaryKind.Sub, out var a, out var b) && b.Shape.Elements.Is(1) && CentreOf(a) is { } centre && WholeNumbers.AreAll(b))
        {
            return (a, b, null, centre);
        }

        // A constant zero point is added with its sign turned.
        if (x.IsWithScalar(BinaryKind.Add, out var whole, out var negated)
            && CentreOf(whole) is { } middle && double.IsInteger(negated) && Math.Abs(negated) <= 255)
        {
            return (whole, ModelGraph.Constant((float)-negated), null, middle);
        }

        return CentreOf(x) is { } own ? (x, null, null, own) : null;
    }

    /// <summary>128 for whole numbers 0 … 255, 0 for −128 … 127; null for others.</summary>
    private static float? CentreOf(Value value) => WholeNumbers.Clamped(value) switch
    {
        ( >= 0, <= 255) => 128,
        ( >= -128, <= 127) => 0,
        _ => null,
    };

    /// <summary>A value of one element without axes, which broadcasts to anything.</summary>
    private static Value Scalar(ModelGraph graph, Value value) =>
        value.Shape.Rank == 0 ? value : graph.Add(value.Name, new Reshape(Shape.Scalar), [value], value.Producer?.Origins ?? []);
}
