using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Onnx.Operators;

/// <summary>Operators that look for elements: the largest, the first of them, those that a condition names.</summary>
internal static class Selection
{
    /// <summary>Elements of an axis up to which each is compared with each.</summary>
    private const long MaxCompared = 1024;

    /// <summary>The most elements that are found one after the other.</summary>
    private const long MaxInTurn = 32;

    public static void Register(OperatorTable table)
    {
        table.Add("ArgMax", 1, 1, n => ArgExtremum(n, largest: true));
        table.Add("ArgMin", 1, 1, n => ArgExtremum(n, largest: false));
        table.Add("Hardmax", 1, 1, Hardmax);
        table.Add("TopK", 1, 2, TopK, maxOutputs: 2);
        table.Add("Compress", 2, 2, Compress);
    }

    private static void ArgExtremum(NodeImport n, bool largest)
    {
        var x = n.Data(0);
        var axis = n.Axis("axis", 0, x.Shape.Rank);
        var keep = n.Flag("keepdims", true);
        var result = n.Emit(new ArgExtremum(axis, largest, n.Flag("select_last_index", false)), x);
        n.Set(keep ? result : n.EmitReshape(result, result.Shape.Where((_, a) => a != axis)));
    }

    private static void Hardmax(NodeImport n) => Normalization.AlongAxis(n, (x, axis) =>
    {
        var found = n.Emit(new ArgExtremum(axis, Largest: true, SelectLast: false), x);
        return n.EmitCast(n.Emit(BinaryKind.Equal, Positions(n, x, axis), found), x.Type);
    });

    /// <summary>0, 1, 2 … along an axis, in a shape that broadcasts against the operand.</summary>
    private static Value Positions(NodeImport n, Value x, int axis) =>
        n.EmitReshape(n.Emit(new Iota(Dim.Zero, 1, x.Shape[axis])), x.Shape.Select((d, a) => a == axis ? d : Dim.One));

    private static void TopK(NodeImport n)
    {
        var x = n.Data(0);
        var axis = n.Axis("axis", -1, x.Shape.Rank);
        n.Ignore("sorted");
        var count = n.Optional(1) is { } input ? (input.Integers is [var only] ? only : throw n.DataDependent("on its k")) : n.RequiredInt("k");
        if (count < 0 || !n.Lengths.Assume(count, x.Shape[axis]))
        {
            throw new ShapeException($"{count} of {x.Shape[axis]} elements");
        }

        var largest = n.Flag("largest", true);
        var length = x.Shape[axis];
        if (x.Type == DataType.Bool)
        {
            throw n.BadTypes("it does not take Bool");
        }

        var (values, indices) = count > 0 && count <= MaxInTurn && !(length.IsConstant && length.Value <= MaxInTurn) ? InTurn(n, x, axis, (int)count, largest)
            : length.IsConstant && length.Value <= MaxCompared ? ByRank(n, x, axis, count, largest)
            : throw n.Unsupported($"k of {count} over {length} elements");
        n.Set(0, values);
        n.Set(1, indices);
    }

    /// <summary>An element's place among the sorted is the number of elements that come before it.</summary>
    private static (Value Values, Value Indices) ByRank(NodeImport n, Value x, int axis, long count, bool largest)
    {
        // Axes: … element, other …; then … place, element …
        Value Apart(Value v, int at) => n.EmitReshape(v, [.. v.Shape.Take(at), Dim.One, .. v.Shape.Skip(at)]);
        var places = Positions(n, x, axis);
        var (one, other) = (Apart(x, axis + 1), Apart(x, axis));
        var (oneAt, otherAt) = (Apart(places, axis + 1), Apart(places, axis));
        var isBefore = n.Emit(
            BinaryKind.Or,
            n.Emit(largest ? BinaryKind.Greater : BinaryKind.Less, other, one),
            n.Emit(BinaryKind.And, n.Emit(BinaryKind.Equal, other, one), n.Emit(BinaryKind.Less, otherAt, oneAt)));
        var rank = n.Emit(new Reduce(ReduceKind.Sum, axis + 1), n.EmitCast(isBefore, DataType.Int64));
        rank = n.EmitReshape(rank, x.Shape);

        var wanted = n.EmitReshape(n.Emit(new Iota(Dim.Zero, 1, count)), x.Shape.Select((_, a) => a == axis ? Dim.Of(count) : Dim.One));
        var isThis = n.Emit(BinaryKind.Equal, Apart(rank, axis), Apart(wanted, axis + 1));
        var shape = x.Shape.With(axis, count);
        Value Picked(Value v) => n.EmitReshape(
            n.Emit(new Reduce(ReduceKind.Sum, axis + 1), n.EmitSelect(isThis, Apart(v, axis), NodeImport.Scalar(v.Type, 0))), shape);
        return (Picked(x), Picked(n.Emit(new Expand(x.Shape), places)));
    }

    /// <summary>Each time the extreme of the elements that come after the one found last.</summary>
    private static (Value Values, Value Indices) InTurn(NodeImport n, Value x, int axis, int count, bool largest)
    {
        var places = Positions(n, x, axis);
        var (reduce, isAfter) = largest ? (ReduceKind.Max, BinaryKind.Less) : (ReduceKind.Min, BinaryKind.Greater);
        var none = NodeImport.Scalar(DataType.Int64, long.MaxValue);
        var (values, indices) = (new Value[count], new Value[count]);
        Value? open = null;
        for (var i = 0; i < count; i++)
        {
            if (i > 0)
            {
                var isEqual = n.Emit(BinaryKind.And, n.Emit(BinaryKind.Equal, x, values[i - 1]), n.Emit(BinaryKind.Greater, places, indices[i - 1]));
                open = n.Emit(BinaryKind.Or, n.Emit(isAfter, x, values[i - 1]), isEqual);
            }

            values[i] = n.Emit(new Reduce(reduce, axis), open is null ? x : n.EmitSelect(open, x, Last(x.Type, largest)));
            var isFound = n.Emit(BinaryKind.Equal, x, values[i]);
            isFound = open is null ? isFound : n.Emit(BinaryKind.And, isFound, open);
            indices[i] = n.Emit(new Reduce(ReduceKind.Min, axis), n.EmitSelect(isFound, places, none));
        }

        return (n.Emit(new Concat(axis), values), n.Emit(new Concat(axis), indices));
    }

    /// <summary>What comes behind every element.</summary>
    private static Value Last(DataType type, bool largest) => type.IsFloat()
        ? NodeImport.Scalar(type, largest ? double.NegativeInfinity : double.PositiveInfinity)
        : NodeImport.Scalar(type, type switch
        {
            DataType.UInt8 or DataType.UInt16 or DataType.UInt32 or DataType.UInt64 => largest ? 0 : Math.Pow(2, type.BitsOf()) - 1,
            _ => largest ? -Math.Pow(2, type.BitsOf() - 1) : Math.Pow(2, type.BitsOf() - 1) - 1,
        });

    private static void Compress(NodeImport n)
    {
        var x = n.Data(0);
        if (n.In(1).Integers is not { } condition)
        {
            throw n.DataDependent("on how many of its conditions hold");
        }

        int? along = n.Has("axis") ? n.Axis("axis", null, x.Shape.Rank) : null;
        var source = along is null ? n.EmitReshape(x, x.Shape.Elements) : x;
        long[] chosen = [.. Enumerable.Range(0, condition.Length).Where(i => condition[i] != 0).Select(i => (long)i)];
        if (chosen.Length > 0 && !n.Lengths.Assume(chosen[^1] + 1, source.Shape[along ?? 0]))
        {
            throw new ShapeException($"element {chosen[^1]} of {source.Shape[along ?? 0]} is chosen");
        }

        n.Set(n.Emit(new Gather(along ?? 0), source, n.Materialise(n.Symbolic(DataType.Int64, [chosen.Length], [.. chosen.Select(c => Dim.Of(c))]))));
    }
}
