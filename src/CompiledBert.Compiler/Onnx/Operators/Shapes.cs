using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Onnx.Operators;

/// <summary>Operators that read shapes and those that make tensors from lengths.</summary>
internal static class Shapes
{
    public static void Register(OperatorTable table)
    {
        table.Add("Shape", 1, 1, ShapeOf);
        table.Add("Size", 1, 1, n => n.Set(DataType.Int64, [], [n.In(0).Shape.Elements]));
        table.Add("Range", 3, 3, Range);
        table.Add("NonZero", 1, 1, NonZero);
    }

    /// <summary>A list of lengths from an operand with one axis; refuses what depends on data.</summary>
    public static Shape ShapeFrom(NodeImport n, Operand operand)
    {
        var contents = ContentsOf(n, operand);
        foreach (var length in contents)
        {
            if (n.Lengths.Greatest(length) < 0)
            {
                throw new ShapeException($"length {length} is negative");
            }
        }

        return new Shape(contents);
    }

    /// <summary>The elements of an operand that has to follow from lengths; refuses what depends on data.</summary>
    public static Dim[] ContentsOf(NodeImport n, Operand operand)
    {
        if (operand.Shape.Rank > 1)
        {
            throw new ShapeException($"'{Diagnostic.Abbreviate(operand.Name)}' should have one axis, it is {operand.Shape}");
        }

        if (!operand.Type.IsInteger())
        {
            throw n.BadTypes($"'{Diagnostic.Abbreviate(operand.Name)}' should be int64, it is {operand.Type}");
        }

        return operand.Contents ?? throw n.DataDependent($"on the elements of '{Diagnostic.Abbreviate(operand.Name)}'");
    }

    /// <summary>Axes given as an attribute in older versions and as an input in newer ones; null where neither is there.</summary>
    public static int[]? Axes(NodeImport n, int input, int rank)
    {
        var axes = n.Ints("axes");
        if (n.Optional(input) is { } operand)
        {
            ContentsOf(n, operand);
            axes = operand.Integers ?? throw n.DataDependent($"on '{Diagnostic.Abbreviate(operand.Name)}'");
        }

        return axes is null ? null : Normalise(n, axes, rank);
    }

    /// <summary>Axes as non-negative numbers, all different.</summary>
    public static int[] Normalise(NodeImport n, IEnumerable<long> axes, int rank)
    {
        var result = new List<int>();
        foreach (var axis in axes)
        {
            if (axis < -rank || axis >= rank)
            {
                throw n.BadAttribute("axes", $"holds {axis}, out of the range of a tensor with {rank} axes");
            }

            var positive = (int)(axis < 0 ? axis + rank : axis);
            if (result.Contains(positive))
            {
                throw n.BadAttribute("axes", $"holds {axis} twice");
            }

            result.Add(positive);
        }

        return [.. result];
    }

    private static void ShapeOf(NodeImport n)
    {
        var shape = n.In(0).Shape;
        var start = Clamp(n.Int("start", 0));
        var end = Clamp(n.Int("end", shape.Rank));
        var dims = shape.Skip(start).Take(Math.Max(0, end - start)).ToArray();
        n.Set(DataType.Int64, [dims.Length], dims);

        int Clamp(long axis) => (int)Math.Clamp(axis < 0 ? axis + shape.Rank : axis, 0, shape.Rank);
    }

    private static void Range(NodeImport n)
    {
        var type = n.In(0).Type;
        if (n.In(1).Type != type || n.In(2).Type != type)
        {
            throw n.BadTypes("start, limit and delta differ in type");
        }

        for (var i = 0; i < 3; i++)
        {
            if (!n.In(i).Shape.Elements.Is(1))
            {
                throw new ShapeException($"start, limit and delta are scalars, not {n.In(i).Shape}");
            }
        }

        if (type == DataType.Float32 && Fractional(n))
        {
            return;
        }

        if (n.In(0).Contents is not [var start] || n.In(1).Contents is not [var limit] || n.In(2).Contents is not [var delta] || !delta.IsConstant)
        {
            throw n.DataDependent("on the elements of its start, limit or delta");
        }

        var step = delta.Value;
        if (step == 0)
        {
            throw new ShapeException("delta must not be zero");
        }

        var length = LengthBetween(n, start, limit, step);
        if (type != DataType.Float32 && length.IsConstant && length.Value <= Operand.MaxContents)
        {
            n.Set(type, [length.Value], [.. Enumerable.Range(0, (int)length.Value).Select(i => start + (i * step))]);
            return;
        }

        n.CheckSize(type, new Shape(length));
        n.Set(n.EmitCast(n.Emit(new Iota(start, step, length)), type));
    }

    /// <summary>Range over constants that are not whole numbers.</summary>
    private static bool Fractional(NodeImport n)
    {
        if (n.In(0).Value?.Constant is not { } a || n.In(1).Value?.Constant is not { } b || n.In(2).Value?.Constant is not { } c)
        {
            return false;
        }

        var (start, limit, delta) = (a.As<float>()[0], b.As<float>()[0], c.As<float>()[0]);
        var count = Math.Ceiling(((double)limit - start) / delta);
        if (delta == 0 || !double.IsFinite(count))
        {
            throw new ShapeException("delta must not be zero, and the range must be finite");
        }

        n.CheckSize(DataType.Float32, new Shape((long)Math.Clamp(count, 0, 1e18)));
        var result = new float[(int)Math.Max(0, count)];
        for (var i = 0; i < result.Length; i++)
        {
            result[i] = start + (i * delta);
        }

        n.Set(ModelGraph.Constant(n.Node.Output[0], TensorData.FromFloats([result.Length], result)));
        return true;
    }

    /// <summary>How many steps there are from a start up to a limit.</summary>
    public static Dim LengthBetween(NodeImport n, Dim start, Dim limit, long step)
    {
        var distance = step > 0 ? limit - start : start - limit;
        var by = Math.Abs(step);
        if (distance.IsConstant)
        {
            return Math.Max(0, (distance.Value / by) + (distance.Value % by > 0 ? 1 : 0));
        }

        if (n.Lengths.Greatest(distance) <= 0)
        {
            return Dim.Zero;
        }

        if (n.Lengths.Least(distance) is null or < 0)
        {
            n.Lengths.Assume(Dim.Zero, distance);
        }

        return distance.DivideExactly(by) ?? (distance + (by - 1)).DivideExactly(by) ?? throw n.Unsupported($"steps of {by} over the length {distance}");
    }

    private static void NonZero(NodeImport n)
    {
        var x = n.In(0);
        if (x.Value?.Constant is not null && x.Contents is null)
        {
            x = new Operand(n.EmitCast(n.Data(0), DataType.Bool));
        }

        if (x.Contents is not { } contents || Array.Exists(contents, c => n.Lengths.Same(c, 0) is null))
        {
            throw n.DataDependent("on how many elements are not zero");
        }

        var dims = x.Shape.ToConstants();
        var strides = SymbolicTensor.Strides(dims);
        var found = Enumerable.Range(0, contents.Length).Where(i => n.Lengths.Same(contents[i], 0) == false).ToArray();
        var result = from axis in Enumerable.Range(0, dims.Length)
                     from position in found
                     select Dim.Of(position / strides[axis] % dims[axis]);
        n.Set(DataType.Int64, [dims.Length, found.Length], [.. result]);
    }
}
