namespace CompiledBert.Compiler.Graph;

/// <summary>Types and shapes of results from operators and operands: the one place that knows them.</summary>
public static class ShapeInference
{
    /// <summary>Type and shape of each result. Throws <see cref="ShapeException"/> where operands do not fit.</summary>
    public static IReadOnlyList<(DataType Type, Shape Shape)> Infer(Operator op, IReadOnlyList<Value?> inputs, int outputs)
    {
        Value In(int i) => i < inputs.Count && inputs[i] is { } value ? value : throw new ShapeException($"{op.Name} needs input {i}.");
        switch (op)
        {
            case Unary unary:
                return [(unary.Kind is UnaryKind.IsNaN or UnaryKind.IsInf ? DataType.Bool : In(0).Type, In(0).Shape)];
            case Binary binary:
                return [InferBinary(binary, In(0), In(1))];
            case Select:
                Require(In(0).Type == DataType.Bool, "the condition must be bool");
                Require(In(1).Type == In(2).Type, $"types differ: {In(1).Type} and {In(2).Type}");
                return [(In(1).Type, Broadcast(In(0).Shape, Broadcast(In(1).Shape, In(2).Shape)))];
            case Cast cast:
                return [(cast.To, In(0).Shape)];
            case Reshape reshape:
                Require(
                    reshape.To.Elements == In(0).Shape.Elements,
                    $"{In(0).Shape} has {In(0).Shape.Elements} elements and {reshape.To} has {reshape.To.Elements}");
                return [(In(0).Type, reshape.To)];
            case Transpose transpose:
                Require(transpose.Permutation.Order().SequenceEqual(Enumerable.Range(0, In(0).Shape.Rank)), $"the permutation does not fit {In(0).Shape}");
                return [(In(0).Type, new Shape(transpose.Permutation.Select(axis => In(0).Shape[axis])))];
            case Expand expand:
                Require(Broadcast(In(0).Shape, expand.To) == expand.To, $"{In(0).Shape} cannot be expanded to {expand.To}");
                return [(In(0).Type, expand.To)];
            case Slice slice:
                return [(In(0).Type, In(0).Shape.With(slice.Axis, slice.Length))];
            case Concat concat:
                return [(In(0).Type, inputs.Skip(1).Aggregate(In(0).Shape, (shape, next) => ConcatShape(shape, next!, In(0).Type, concat.Axis)))];
            case Pad pad:
                return [(In(0).Type, new Shape(In(0).Shape.Select((dim, axis) => dim + pad.Before[axis] + pad.After[axis])))];
            case Iota iota:
                return [(DataType.Int64, new Shape(iota.Length))];
            case Gather gather:
                return [(In(0).Type, new Shape([.. In(0).Shape.Take(gather.Axis), .. In(1).Shape, .. In(0).Shape.Skip(gather.Axis + 1)]))];
            case GatherElements:
                return [(In(0).Type, In(1).Shape)];
            case GatherNd nd:
                Require(In(1).Shape[-1].IsConstant, "the length of index tuples must be constant");
                return [(In(0).Type, new Shape([.. In(1).Shape.SkipLast(1), .. In(0).Shape.Skip(nd.BatchDims + (int)In(1).Shape[-1].Value)]))];
            case ScatterNd:
                return [(In(0).Type, In(0).Shape)];
            case Reduce reduce:
                return [(In(0).Type, new Shape(In(0).Shape.Select((dim, axis) => reduce.Axes.Contains(axis) ? Dim.One : dim)))];
            case CumSum:
            case Softmax:
                return [(In(0).Type, In(0).Shape)];
            case ArgExtremum arg:
                return [(DataType.Int64, In(0).Shape.With(arg.Axis, 1))];
            case MatMul:
                return [InferMatMul(In(0), In(1))];
            case Linear:
                Require(In(1).Shape.Rank == 2 && In(0).Shape[-1] == In(1).Shape[0], $"inner lengths differ: {In(0).Shape} × {In(1).Shape}");
                return [(DataType.Float32, In(0).Shape.With(-1, In(1).Shape[1]))];
            case QuantizeRows:
                Require(In(0).Type == DataType.Float32 && In(0).Shape.Rank > 0, $"rows of {In(0).Type}{In(0).Shape} are not quantised");
                return [(DataType.Int8, In(0).Shape), (DataType.Float32, In(0).Shape.With(-1, 1))];
            case IntegerLinear:
                Require(In(0).Type == DataType.Int8 && In(1).Type == DataType.Int8, $"types are not Int8: {In(0).Type} and {In(1).Type}");
                Require(In(1).Shape.Rank == 2 && In(0).Shape[-1] == In(1).Shape[0], $"inner lengths differ: {In(0).Shape} × {In(1).Shape}");
                Require(In(1).Shape[0].Value <= IntegerLinear.MaxRows, $"sums over {In(1).Shape[0]} products may not fit in 32 bits");
                Require(
                    inputs.Count < 3 || inputs[2] is not { } shift || (shift.Type == DataType.Int32 && shift.Shape.Elements.Is(1)),
                    "the shift must be one Int32");
                return [(DataType.Float32, In(0).Shape.With(-1, In(1).Shape[1]))];
            case Conv1d conv:
                return [InferConv(conv, In(0), In(1))];
            case LayerNorm:
            case RmsNorm:
                Require(In(1).Shape.Elements == In(0).Shape[-1], $"scale {In(1).Shape} does not fit {In(0).Shape}");
                return [(In(0).Type, In(0).Shape)];
            default:
                throw new ShapeException($"{op.Name} has no rule for its shape.");
        }
    }

    /// <summary>numpy's broadcast of two shapes. Different symbols do not fit; importers unify them first.</summary>
    public static Shape Broadcast(Shape a, Shape b)
    {
        var rank = Math.Max(a.Rank, b.Rank);
        var dims = new Dim[rank];
        for (var i = 1; i <= rank; i++)
        {
            var x = i <= a.Rank ? a[a.Rank - i] : Dim.One;
            var y = i <= b.Rank ? b[b.Rank - i] : Dim.One;
            dims[rank - i] = x == y || y.Is(1) ? x : x.Is(1) ? y : throw new ShapeException($"cannot broadcast {a} and {b}: {x} and {y} differ");
        }

        return new Shape(dims);
    }

    private static (DataType, Shape) InferBinary(Binary binary, Value a, Value b)
    {
        Require(a.Type == b.Type || binary.Kind == BinaryKind.Pow, $"types differ: {a.Type} and {b.Type}");
        var type = binary.Kind is BinaryKind.Equal or BinaryKind.Less or BinaryKind.LessOrEqual or BinaryKind.Greater or BinaryKind.GreaterOrEqual
            ? DataType.Bool
            : a.Type;
        return (type, Broadcast(a.Shape, b.Shape));
    }

    private static (DataType, Shape) InferMatMul(Value a, Value b)
    {
        Require(a.Type == b.Type, $"types differ: {a.Type} and {b.Type}");
        Require(a.Shape.Rank >= 2 && b.Shape.Rank >= 2, "operands need two axes");
        Require(a.Shape[-1] == b.Shape[-2], $"inner lengths differ: {a.Shape[-1]} and {b.Shape[-2]}");
        var batch = Broadcast(new Shape(a.Shape.SkipLast(2)), new Shape(b.Shape.SkipLast(2)));
        return (a.Type, new Shape([.. batch, a.Shape[-2], b.Shape[-1]]));
    }

    private static (DataType, Shape) InferConv(Conv1d conv, Value x, Value w)
    {
        Require(x.Shape.Rank == 3 && w.Shape.Rank == 3, "a one-dimensional convolution takes three axes");
        var span = (conv.Dilation * (w.Shape[2].Value - 1)) + 1;
        var room = x.Shape[2] + Dim.Of(conv.PadBefore + conv.PadAfter - span);
        var length = conv.Stride == 1
            ? room + Dim.One
            : room.IsConstant ? Dim.Of((room.Value / conv.Stride) + 1) : throw new ShapeException("a stride over an unknown length");
        return (x.Type, new Shape(x.Shape[0], w.Shape[0], length));
    }

    private static Shape ConcatShape(Shape shape, Value next, DataType type, int axis)
    {
        Require(next.Type == type, $"types differ: {type} and {next.Type}");
        Require(next.Shape.Rank == shape.Rank, $"ranks differ: {shape} and {next.Shape}");
        for (var i = 0; i < shape.Rank; i++)
        {
            Require(i == axis || shape[i] == next.Shape[i], $"{shape} and {next.Shape} differ beside axis {axis}");
        }

        return shape.With(axis, shape[axis] + next.Shape[axis]);
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new ShapeException(otherwise);
        }
    }
}
