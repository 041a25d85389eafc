using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Onnx.Operators;

/// <summary>Operators that pick elements: slices, gathers and padding.</summary>
internal static class Gathers
{
    public static void Register(OperatorTable table)
    {
        table.Add("Slice", 1, 5, Slice);
        table.Add("Gather", 2, 2, Gather);
        table.Add("GatherElements", 2, 2, GatherElements);
        table.Add("GatherND", 2, 2, GatherNd);
        table.Add("OneHot", 3, 3, OneHot);
        table.Add("Pad", 1, 4, Pad);
    }

    private static void Slice(NodeImport n)
    {
        var x = n.In(0);
        var rank = x.Shape.Rank;
        var (starts, ends, axes, steps) = (List(n, "starts", 1), List(n, "ends", 2), List(n, "axes", 3), List(n, "steps", 4));
        if (starts is null || ends is null || starts.Length != ends.Length
            || (axes ?? starts).Length != starts.Length || (steps ?? starts).Length != starts.Length)
        {
            throw n.BadArity("needs as many starts as ends, axes and steps");
        }

        var given = axes is null
            ? Enumerable.Range(0, starts.Length).Select(a => (long)a)
            : axes.Select(a => a.IsConstant ? a.Value : throw n.DataDependent("on its axes"));
        var along = Shapes.Normalise(n, given, rank);
        for (var i = 0; i < along.Length; i++)
        {
            var step = steps is null ? 1 : steps[i].IsConstant ? steps[i].Value : throw n.DataDependent("on its steps");
            var (start, length) = Resolve(n, x.Shape[along[i]], starts[i], ends[i], step);
            x = SliceOne(n, x, along[i], start, step, length);
        }

        n.Set(0, x);
    }

    private static Operand SliceOne(NodeImport n, Operand x, int axis, Dim start, long step, Dim length)
    {
        if (x.Contents is { } contents && x.Type != DataType.Float32 && start.IsConstant && length.IsConstant)
        {
            var from = x.Shape.ToConstants();
            var strides = SymbolicTensor.Strides(from);
            var dims = x.Shape.With(axis, length).ToConstants();
            var positions = SymbolicTensor.Positions(dims, index => index.Select((at, a) => (a == axis ? start.Value + (at * step) : at) * strides[a]).Sum());
            return n.Symbolic(x.Type, dims, [.. positions.Select(p => contents[p])]);
        }

        return new Operand(n.Emit(new Slice(axis, start, step, length), n.Materialise(x)));
    }

    /// <summary>Start and length of a slice, clamped as ONNX says. Where lengths decide it is taken not to clamp, and checked at run time.</summary>
    private static (Dim Start, Dim Length) Resolve(NodeImport n, Dim length, Dim start, Dim end, long step)
    {
        if (step == 0)
        {
            throw new ShapeException("a step must not be zero");
        }

        // Backwards, the place before the first element is −1; in the file it is written as a large negative number.
        var (first, last) = step > 0 ? (Dim.Zero, length) : (Dim.Of(-1), length - 1);
        var to = Clamp(n, FromEnd(n, end, length), first, last);
        var begin = FromEnd(n, start, length);
        var from = step > 0 && IsFarBack(begin, to) ? AtFirst(n, begin) : Clamp(n, begin, step > 0 ? first : Dim.Zero, last);
        return (from, Shapes.LengthBetween(n, from, to, step));
    }

    /// <summary>
    /// Whether a slice that ends behind the first element starts so far from the end that it has none in long operands: it is
    /// meant for those where it starts at the first.
    /// </summary>
    private static bool IsFarBack(Dim start, Dim end) => end.Is(1) && !start.IsConstant;

    private static Dim AtFirst(NodeImport n, Dim start)
    {
        n.Lengths.Assume(start, Dim.Zero);
        return Dim.Zero;
    }

    private static Dim FromEnd(NodeImport n, Dim index, Dim length)
    {
        // The largest integers mean "to the end"; far less says the same and does not overflow.
        const long Far = 1L << 40;
        index = index.IsConstant ? Math.Clamp(index.Value, -Far, Far) : index;
        return n.Lengths.Greatest(index) < 0 ? index + length : index;
    }

    private static Dim Clamp(NodeImport n, Dim index, Dim low, Dim high)
    {
        const long Unlimited = 1L << 30;
        var number = index.Terms.FirstOrDefault(t => t.Symbols.Count == 0)?.Coefficient ?? 0;
        if (number > Unlimited || n.Lengths.AtMost(high, index) == true)
        {
            return high;
        }

        if (number < -Unlimited || n.Lengths.AtMost(index, low) == true)
        {
            return low;
        }

        // A number of many elements is meant as "at most so many", of a few as "there are so many".
        const long Few = 8;
        if (index.IsConstant && index.Value >= Few && n.Lengths.AtMost(index, high) is null)
        {
            n.Lengths.Assume(high, index);
            return high;
        }

        n.Lengths.Assume(low, index);
        n.Lengths.Assume(index, high);
        return index;
    }

    private static Dim[]? List(NodeImport n, string attribute, int input) => n.Optional(input) is { } operand
        ? Shapes.ContentsOf(n, operand)
        : n.Ints(attribute) is { } given ? [.. given.Select(g => Dim.Of(g))] : null;

    private static void Gather(NodeImport n)
    {
        var (x, indices) = (n.In(0), n.In(1));
        if (x.Shape.Rank == 0)
        {
            throw new ShapeException("a scalar has no axis to gather along");
        }

        var axis = n.Axis("axis", 0, x.Shape.Rank);
        CheckIndices(n, indices, x.Shape[axis]);
        if (indices.Integers is { } at && x.Contents is not null)
        {
            var from = x.Shape.ToConstants();
            var strides = SymbolicTensor.Strides(from);
            var inner = indices.Shape.Rank;
            long[] dims = [.. from[..axis], .. indices.Shape.ToConstants(), .. from[(axis + 1)..]];
            var indexStrides = SymbolicTensor.Strides(indices.Shape.ToConstants());
            if (Layout.TrySetRearranged(n, x, dims, () => SymbolicTensor.Positions(dims, index =>
            {
                var picked = at[indexStrides.Select((s, i) => index[axis + i] * s).Sum()];
                var position = (picked < 0 ? picked + from[axis] : picked) * strides[axis];
                for (var a = 0; a < from.Length; a++)
                {
                    position += a == axis ? 0 : index[a < axis ? a : a + inner - 1] * strides[a];
                }

                return position;
            })))
            {
                return;
            }
        }

        // One index that is known is a slice, which needs no check at run time.
        if (indices.Contents is [var only])
        {
            var start = n.Lengths.Greatest(only) < 0 ? only + x.Shape[axis] : only;
            if (n.Lengths.Least(start) >= 0)
            {
                n.Lengths.Assume(start + 1, x.Shape[axis]);
                n.Set(n.EmitReshape(n.EmitSlice(n.Data(0), axis, start, Dim.One), x.Shape.Take(axis).Concat(indices.Shape).Concat(x.Shape.Skip(axis + 1))));
                return;
            }
        }

        n.Set(n.Emit(new Gather(axis), n.Data(0), n.Data(1)));
    }

    private static void CheckIndices(NodeImport n, Operand indices, Dim length)
    {
        if (indices.Type is not (DataType.Int32 or DataType.Int64))
        {
            throw n.BadTypes($"indices are int32 or int64, not {indices.Type}");
        }

        if (length.IsConstant && indices.Integers is { } known && Array.FindIndex(known, i => i < -length.Value || i >= length.Value) is >= 0 and var wrong)
        {
            throw new ShapeException($"index {known[wrong]} is out of the range of {length} elements");
        }
    }

    private static void GatherElements(NodeImport n)
    {
        var (x, indices) = (n.Data(0), n.Data(1));
        var axis = n.Axis("axis", 0, x.Shape.Rank);
        CheckIndices(n, n.In(1), x.Shape[axis]);
        if (indices.Shape.Rank != x.Shape.Rank)
        {
            throw new ShapeException($"{x.Shape} and the indices {indices.Shape} differ in rank");
        }

        for (var i = 0; i < x.Shape.Rank; i++)
        {
            if (i != axis && !n.Lengths.Assume(indices.Shape[i], x.Shape[i]))
            {
                throw new ShapeException($"indices {indices.Shape} reach beyond {x.Shape}");
            }
        }

        n.Set(n.Emit(new GatherElements(axis), x, indices));
    }

    private static void GatherNd(NodeImport n)
    {
        var (x, indices) = (n.Data(0), n.Data(1));
        var batch = n.Int("batch_dims", 0);
        if (indices.Type != DataType.Int64)
        {
            throw n.BadTypes($"indices are int64, not {indices.Type}");
        }

        if (indices.Shape.Rank == 0 || !indices.Shape[-1].IsConstant || batch < 0 || batch >= Math.Min(x.Shape.Rank, indices.Shape.Rank)
            || batch + indices.Shape[-1].Value > x.Shape.Rank)
        {
            throw new ShapeException($"indices {indices.Shape} with {batch} batch axes do not fit {x.Shape}");
        }

        for (var axis = 0; axis < batch; axis++)
        {
            n.RequireSame(x.Shape[axis], indices.Shape[axis], "batch lengths");
        }

        n.Set(n.Emit(new GatherNd((int)batch), x, indices));
    }

    private static void OneHot(NodeImport n)
    {
        var (indices, values) = (n.Data(0), n.Data(2));
        var rank = indices.Shape.Rank;
        var axis = n.Axis("axis", -1, rank + 1);
        if (n.In(1).Contents is not [var depth] || !values.Shape.Elements.Is(2))
        {
            throw n.DataDependent("on its depth");
        }

        // Indices from the end count too; those out of range match nothing.
        var wide = n.EmitReshape(n.EmitCast(indices, DataType.Int64), [.. indices.Shape.Take(axis), Dim.One, .. indices.Shape.Skip(axis)]);
        var length = n.Materialise(n.Symbolic(DataType.Int64, [], [depth]));
        wide = n.EmitSelect(n.Emit(BinaryKind.Less, wide, 0), n.Emit(BinaryKind.Add, wide, length), wide);
        var positions = n.EmitReshape(n.Emit(new Iota(Dim.Zero, 1, depth)), Enumerable.Range(0, rank + 1).Select(a => a == axis ? depth : Dim.One));
        var (off, on) = (n.EmitReshape(n.EmitSlice(values, 0, 0, 1)), n.EmitReshape(n.EmitSlice(values, 0, 1, 1)));
        n.Set(n.EmitSelect(n.Emit(BinaryKind.Equal, wide, positions), on, off));
    }

    private static void Pad(NodeImport n)
    {
        var x = n.Data(0);
        var rank = x.Shape.Rank;
        var mode = n.Text("mode", "constant");
        var pads = List(n, "pads", 1) ?? (n.Ints("paddings") is { } old ? [.. old.Select(p => Dim.Of(p))] : throw n.BadArity("needs its pads"));
        var number = n.Float("value", 0);
        var value = n.OptionalData(2) ?? NodeImport.Scalar(x.Type, number);
        var axes = n.Optional(3) is not null ? Shapes.Axes(n, 3, rank)! : [.. Enumerable.Range(0, rank)];
        if (pads.Length != axes.Length * 2)
        {
            throw new ShapeException($"{pads.Length} pads for {axes.Length} axes");
        }

        var (before, after) = (new Dim[rank], new Dim[rank]);
        Array.Fill(before, Dim.Zero);
        Array.Fill(after, Dim.Zero);
        for (var i = 0; i < axes.Length; i++)
        {
            (before[axes[i]], after[axes[i]]) = (pads[i], pads[i + axes.Length]);
        }

        if (before.Concat(after).All(p => p.Is(0)))
        {
            n.Set(x);
            return;
        }

        n.Set(mode switch
        {
            "constant" => n.Emit(new Pad(before, after), x, n.EmitReshape(value)),
            "edge" => PadByIndex(n, x, before, after, (position, _) => position),
            "wrap" => PadByIndex(n, x, before, after, (position, last) => n.Emit(BinaryKind.Mod, position, n.Emit(BinaryKind.Add, last, 1))),
            "reflect" => PadByIndex(n, x, before, after, (position, last) =>
                n.Emit(BinaryKind.Sub, last, n.Emit(UnaryKind.Abs, n.Emit(BinaryKind.Sub, last, n.Emit(UnaryKind.Abs, position))))),
            _ => throw n.Unsupported($"mode '{Diagnostic.Abbreviate(mode)}'"),
        });
    }

    /// <summary>Padding with elements of the operand: along each padded axis a gather at clamped or reflected positions.</summary>
    private static Value PadByIndex(NodeImport n, Value x, Dim[] before, Dim[] after, Func<Value, Value, Value> map)
    {
        for (var axis = 0; axis < x.Shape.Rank; axis++)
        {
            if (before[axis].Is(0) && after[axis].Is(0))
            {
                continue;
            }

            var last = n.Materialise(n.Symbolic(DataType.Int64, [], [x.Shape[axis] - 1]));
            var position = n.Emit(new Iota(Dim.Zero - before[axis], 1, x.Shape[axis] + before[axis] + after[axis]));
            var mapped = n.Emit(BinaryKind.Max, n.Emit(BinaryKind.Min, map(position, last), last), 0);
            x = n.Emit(new Gather(axis), x, mapped);
        }

        return x;
    }
}
