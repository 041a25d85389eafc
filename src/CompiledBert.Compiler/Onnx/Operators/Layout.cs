using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Onnx.Operators;

/// <summary>Operators that move elements without looking at them.</summary>
internal static class Layout
{
    public static void Register(OperatorTable table)
    {
        table.Add("Reshape", 1, 2, Reshape);
        table.Add("Flatten", 1, 1, Flatten);
        table.Add("Squeeze", 1, 2, Squeeze);
        table.Add("Unsqueeze", 1, 2, Unsqueeze);
        table.Add("Transpose", 1, 1, Transpose);
        table.Add("Expand", 2, 2, Expand);
        table.Add("Tile", 2, 2, Tile);
        table.Add("Concat", 1, OperatorTable.Any, Concat);
        table.Add("Split", 1, 2, Split, OperatorTable.Any);
        table.Add("Trilu", 1, 2, Trilu);
    }

    /// <summary>The same elements under other dimensions, as contents or as data.</summary>
    public static void SetReshaped(NodeImport n, Operand x, Shape shape)
    {
        if (x.Value is null && shape.IsConstant)
        {
            n.Set(x.Type, shape.ToConstants(), x.Contents!);
            return;
        }

        n.Set(n.Emit(new Reshape(shape), n.Materialise(x)));
    }

    /// <summary>Rearranges contents where the operand has them and no data is needed; elements of the result come from the given positions.</summary>
    public static bool TrySetRearranged(NodeImport n, Operand x, long[] dims, Func<int[]> positions)
    {
        if (x.Contents is not { } contents || x.Type is DataType.Float32 || SymbolicTensor.Count(dims) > Operand.MaxContents)
        {
            return false;
        }

        n.Set(x.Type, dims, [.. positions().Select(p => contents[p])]);
        return true;
    }

    private static void Reshape(NodeImport n)
    {
        var x = n.In(0);
        var zeroIsZero = n.Flag("allowzero", false);
        n.Ignore("consumed_inputs");
        var target = n.Optional(1) is { } input ? Shapes.ContentsOf(n, input)
            : n.Ints("shape") is { } attribute ? [.. attribute.Select(d => Dim.Of(d))]
            : throw n.BadAttribute("shape", "is required and missing");
        SetReshaped(n, x, Resolve(n, x, target, zeroIsZero));
    }

    private static Shape Resolve(NodeImport n, Operand x, Dim[] target, bool zeroIsZero)
    {
        var dims = new Dim[target.Length];
        var open = -1;
        for (var i = 0; i < target.Length; i++)
        {
            if (target[i].Is(0) && !zeroIsZero)
            {
                dims[i] = i < x.Shape.Rank ? x.Shape[i] : throw new ShapeException($"axis {i} is copied from {x.Shape}, which has no such axis");
            }
            else if (target[i].Is(-1))
            {
                open = open < 0 ? i : throw new ShapeException("the shape holds -1 twice");
                dims[i] = Dim.One;
            }
            else
            {
                dims[i] = n.Lengths.Greatest(target[i]) < 0 ? throw new ShapeException($"length {target[i]} is negative") : target[i];
            }
        }

        var elements = x.Shape.Elements;
        var known = new Shape(dims).Elements;
        if (open >= 0)
        {
            dims[open] = known.Is(0) ? Dim.Zero : elements.DivideExactly(known)
                ?? throw new ShapeException($"{x.Shape} cannot become [{string.Join(',', target.AsEnumerable())}]: {known} does not divide {elements}");
        }
        else if (elements != known)
        {
            // Lengths that an exporter kept as numbers, or by another name, turn out to be the same.
            n.RequireSame(elements, known, $"{x.Shape} has {elements} elements, [{string.Join(',', dims.AsEnumerable())}] has {known}: the counts");
            var contents = n.Optional(1)?.Contents;
            return Resolve(n, x, contents ?? target, zeroIsZero);
        }

        return new Shape(dims);
    }

    private static void Flatten(NodeImport n)
    {
        var x = n.In(0);
        var rank = x.Shape.Rank;
        var axis = n.Int("axis", 1);
        if (axis < -rank || axis > rank)
        {
            throw n.BadAttribute("axis", $"is {axis}, out of the range of a tensor with {rank} axes");
        }

        var at = (int)(axis < 0 ? axis + rank : axis);
        SetReshaped(n, x, new Shape(new Shape(x.Shape.Take(at)).Elements, new Shape(x.Shape.Skip(at)).Elements));
    }

    private static void Squeeze(NodeImport n)
    {
        var x = n.In(0);
        var axes = Shapes.Axes(n, 1, x.Shape.Rank) ?? [.. Enumerable.Range(0, x.Shape.Rank).Where(a => x.Shape[a].Is(1))];
        foreach (var axis in axes)
        {
            if (!x.Shape[axis].Is(1) && !n.Lengths.Unify(x.Shape[axis], Dim.One))
            {
                throw new ShapeException($"axis {axis} of {x.Shape} is not 1");
            }
        }

        SetReshaped(n, x, new Shape(x.Shape.Where((_, axis) => !axes.Contains(axis))));
    }

    private static void Unsqueeze(NodeImport n)
    {
        var x = n.In(0);
        var given = n.Optional(1) is { } input ? Shapes.ContentsOf(n, input).Length : n.Ints("axes")?.Length ?? 0;
        var axes = Shapes.Axes(n, 1, x.Shape.Rank + given) ?? throw n.BadAttribute("axes", "is required and missing");
        var rest = new Queue<Dim>(x.Shape);
        SetReshaped(n, x, new Shape(Enumerable.Range(0, x.Shape.Rank + axes.Length).Select(a => axes.Contains(a) ? Dim.One : rest.Dequeue())));
    }

    private static void Transpose(NodeImport n)
    {
        var x = n.In(0);
        var rank = x.Shape.Rank;
        var permutation = n.Ints("perm") is { } given ? Array.ConvertAll(given, a => (int)a) : [.. Enumerable.Range(0, rank).Reverse()];
        if (!permutation.Order().SequenceEqual(Enumerable.Range(0, rank)))
        {
            throw n.BadAttribute("perm", $"[{string.Join(',', permutation)}] is no order of {rank} axes");
        }

        if (x.Value is null)
        {
            var from = x.Shape.ToConstants();
            var strides = SymbolicTensor.Strides(from);
            long[] dims = [.. permutation.Select(a => from[a])];
            n.Set(x.Type, dims, [.. SymbolicTensor.Positions(dims, index => permutation.Select((a, i) => index[i] * strides[a]).Sum())
                .Select(p => x.Contents![p])]);
            return;
        }

        n.Set(n.EmitTranspose(n.Data(0), permutation));
    }

    private static void Expand(NodeImport n)
    {
        var x = n.In(0);
        var shape = n.In(1);
        Shapes.ShapeFrom(n, shape);
        n.Broadcast(() => x.Shape, () => new Shape(shape.Contents!));
        var to = ShapeInference.Broadcast(x.Shape, new Shape(shape.Contents!));
        if (!to.IsConstant || !TrySetRearranged(n, x, to.ToConstants(), () => SymbolicTensor.Expanded(x.Shape.ToConstants(), to.ToConstants())))
        {
            n.Set(n.Emit(new Expand(to), n.Data(0)));
        }
    }

    private static void Tile(NodeImport n)
    {
        var x = n.In(0);
        var repeats = Shapes.ShapeFrom(n, n.In(1));
        if (repeats.Rank != x.Shape.Rank)
        {
            throw new ShapeException($"{repeats.Rank} repeats for {x.Shape}");
        }

        var to = new Shape(x.Shape.Zip(repeats, (dim, times) => dim * times));
        n.CheckSize(x.Type, to);
        if (to.IsConstant)
        {
            var (from, dims) = (x.Shape.ToConstants(), to.ToConstants());
            var strides = SymbolicTensor.Strides(from);
            if (TrySetRearranged(n, x, dims, () => SymbolicTensor.Positions(dims, index => index.Select((at, axis) => at % from[axis] * strides[axis]).Sum())))
            {
                return;
            }
        }

        // Each axis gets one beside it, along which the elements repeat; then the two become one.
        var apart = n.EmitReshape(n.Data(0), x.Shape.SelectMany(d => new[] { Dim.One, d }));
        n.Set(n.EmitReshape(n.Emit(new Expand(new Shape(x.Shape.Zip(repeats).SelectMany(p => new[] { p.Second, p.First }))), apart), to));
    }

    private static void Concat(NodeImport n)
    {
        var operands = Enumerable.Range(0, n.InputCount).Select(n.In).ToArray();
        var axis = n.Axis("axis", n.Opset < 4 ? 1 : null, operands[0].Shape.Rank);
        foreach (var operand in operands)
        {
            if (operand.Type != operands[0].Type || operand.Shape.Rank != operands[0].Shape.Rank)
            {
                throw n.BadTypes($"{operands[0].Type}{operands[0].Shape} and {operand.Type}{operand.Shape} differ");
            }

            for (var i = 0; i < operand.Shape.Rank; i++)
            {
                if (i != axis)
                {
                    n.RequireSame(operands[0].Shape[i], operand.Shape[i], $"lengths of axis {i}");
                }
            }
        }

        // Contents along the first axis follow one another; along others they interleave, which only tables of pads do.
        var first = operands[0].Shape;
        var isFirst = axis == 0 || first.Take(axis).All(d => d.Is(1));
        if (isFirst && operands[0].Type != DataType.Float32 && Array.TrueForAll(operands, o => o.Contents is not null)
            && operands.Sum(o => o.Contents!.Length) <= Operand.MaxContents)
        {
            n.Set(operands[0].Type, first.With(axis, operands.Sum(o => o.Shape[axis].Value)).ToConstants(), [.. operands.SelectMany(o => o.Contents!)]);
            return;
        }

        n.Set(n.Emit(new Concat(axis), [.. operands.Select(n.Materialise)]));
    }

    private static void Split(NodeImport n)
    {
        var x = n.In(0);
        var axis = n.Axis("axis", 0, x.Shape.Rank);
        var parts = n.Int("num_outputs", n.OutputCount);
        var given = n.Ints("split");
        if (n.Optional(1) is { } input)
        {
            Shapes.ContentsOf(n, input);
            given = input.Integers ?? throw n.Unsupported("lengths that depend on other lengths");
        }

        if (given is null)
        {
            var length = x.Shape[axis];
            if (parts < 1 || parts > 4096)
            {
                throw n.BadAttribute("num_outputs", $"is {parts}");
            }

            var each = length.IsConstant ? (length.Value + parts - 1) / parts : throw n.Unsupported("parts of a length that is not constant");
            given = [.. Enumerable.Range(0, (int)parts).Select(i => Math.Clamp(length.Value - (i * each), 0, each))];
        }

        if (given.Length != n.OutputCount || Array.Exists(given, g => g < 0))
        {
            throw new ShapeException($"{n.OutputCount} outputs for the parts [{string.Join(',', given)}]");
        }

        n.RequireSame(x.Shape[axis], given.Sum(), $"the sum of the parts [{string.Join(',', given)}] and the length of axis {axis}");
        var start = 0L;
        for (var i = 0; i < given.Length; i++)
        {
            if (n.Wants(i))
            {
                n.Set(i, x.Value is null && x.Shape.Rank == 1
                    ? n.Symbolic(x.Type, [given[i]], x.Contents![(int)start..(int)(start + given[i])])
                    : new Operand(n.EmitSlice(n.Materialise(x), axis, start, given[i])));
            }

            start += given[i];
        }
    }

    private static void Trilu(NodeImport n)
    {
        var x = n.Data(0);
        var isUpper = n.Flag("upper", true);
        var k = n.Optional(1) is { } offset ? offset.Contents is [var only] ? only : throw n.DataDependent("on its diagonal k") : Dim.Zero;
        if (x.Shape.Rank < 2)
        {
            throw new ShapeException($"two axes are needed, not {x.Shape}");
        }

        // Column − row ≥ k keeps the upper triangle, ≤ k the lower.
        var column = n.Emit(new Iota(Dim.Zero, 1, x.Shape[-1]));
        var row = n.EmitReshape(n.Emit(new Iota(k, 1, x.Shape[-2])), x.Shape[-2], 1);
        var keep = n.Emit(isUpper ? BinaryKind.GreaterOrEqual : BinaryKind.LessOrEqual, column, row);
        n.Set(n.EmitSelect(keep, x, NodeImport.Scalar(x.Type, 0)));
    }
}
