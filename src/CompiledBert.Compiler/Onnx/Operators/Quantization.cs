using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Onnx.Operators;

/// <summary>
/// Quantised operators by their literal meaning. Quantised values are whole numbers in floats while they are computed with, which is exact for
/// 8 and 16 bits; products are summed in floats, exact up to 2²⁴.
/// </summary>
internal static class Quantization
{
    public static void Register(OperatorTable table)
    {
        table.Add("DequantizeLinear", 2, 3, DequantizeLinear);
        table.Add("QuantizeLinear", 2, 3, QuantizeLinear);
        table.Add("DynamicQuantizeLinear", 1, 1, DynamicQuantizeLinear, maxOutputs: 3);
        table.Add("MatMulInteger", 2, 4, n =>
            n.Set(n.EmitWholeCast(MatrixProducts.Multiply(n, Centred(n, 0, 2, isColumns: false), Centred(n, 1, 3, isColumns: true)), DataType.Int32)));
        table.Add("QLinearMatMul", 8, 8, QLinearMatMul);
    }

    /// <summary>The range of an integer type that values are quantised to.</summary>
    public static (float Low, float High) RangeOf(NodeImport n, DataType type) => type switch
    {
        DataType.Int8 => (-128, 127),
        DataType.UInt8 => (0, 255),
        DataType.Int16 => (-32768, 32767),
        DataType.UInt16 => (0, 65535),
        DataType.Int4 => (-8, 7),
        DataType.UInt4 => (0, 15),
        _ => throw n.BadTypes($"quantised values of type {type}"),
    };

    /// <summary>Integers minus their zero point as floats.</summary>
    /// <param name="n">The node.</param>
    /// <param name="x">Index of the integers.</param>
    /// <param name="zero">Index of the zero point, which may be absent.</param>
    /// <param name="isColumns">Whether a list of zero points is one a column; else one a row.</param>
    public static Value Centred(NodeImport n, int x, int zero, bool isColumns)
    {
        var value = n.Data(x);
        RangeOf(n, value.Type);
        var zeros = n.OptionalData(zero);
        if (zeros is { Shape.Rank: 1 } && !isColumns && !zeros.Shape[0].Is(1))
        {
            zeros = n.EmitReshape(zeros, zeros.Shape[0], Dim.One);
        }

        return Dequantize(n, value, NodeImport.Scalar(DataType.Float32, 1), zeros);
    }

    /// <summary>(x − zero point)·scale, where these broadcast against x. Constants are widened only when they are read.</summary>
    public static Value Dequantize(NodeImport n, Value x, Value scale, Value? zero)
    {
        if (zero is not null && zero.Type != x.Type)
        {
            throw n.BadTypes($"a zero point of {zero.Type} for {x.Type}");
        }

        if (x.Constant is { } data && scale.Constant is { } scales && (zero is null || zero.Constant is not null)
            && x.Type is not (DataType.Int64 or DataType.UInt32))
        {
            var dims = x.Shape.ToConstants();
            var parameters = ShapeInference.Broadcast(scale.Shape, zero?.Shape ?? Shape.Scalar);
            if (parameters.Rank <= dims.Length && ShapeInference.Broadcast(x.Shape, parameters) == x.Shape)
            {
                var all = n.Emit(new Expand(parameters), scale).Constant!;
                var zeros = zero is null ? null : n.Emit(new Expand(parameters), n.EmitCast(zero, DataType.Float32)).Constant!;
                var position = PositionIn(parameters.ToConstants(), dims);
                return ModelGraph.Constant(x.Name, Dequantized.Of(data, all.As<float>().ToArray(), zeros?.As<float>().ToArray(), position));
            }
        }

        var centred = n.EmitCast(x, DataType.Float32);
        if (zero is not null && !IsAll(zero, 0))
        {
            centred = n.Emit(BinaryKind.Sub, centred, n.EmitCast(zero, DataType.Float32));
        }

        return IsAll(scale, 1) ? centred : n.Emit(BinaryKind.Mul, centred, scale);
    }

    /// <summary>Rounded to the nearest step, halves to even, and cut off at the type's range.</summary>
    public static Value Quantize(NodeImport n, Value steps, Value? zero, DataType type)
    {
        var (low, high) = RangeOf(n, type);
        var rounded = n.Emit(UnaryKind.Round, steps);
        if (zero is not null && !IsAll(zero, 0))
        {
            rounded = n.Emit(BinaryKind.Add, rounded, n.EmitCast(zero, DataType.Float32));
        }

        return n.EmitWholeCast(n.Emit(BinaryKind.Min, n.Emit(BinaryKind.Max, rounded, low), high), type);
    }

    /// <summary>A tensor quantised to 8 bits over its own range, which includes 0: the whole numbers, their scale and zero point.</summary>
    public static (Value Quantised, Value Scale, Value Zero) QuantizeDynamically(NodeImport n, Value x)
    {
        var axes = Enumerable.Range(0, x.Shape.Rank).ToArray();
        Value Extreme(ReduceKind kind) => n.EmitReshape(n.Emit(new Reduce(kind, axes), x));
        var largest = n.Emit(BinaryKind.Max, Extreme(ReduceKind.Max), 0);
        var smallest = n.Emit(BinaryKind.Min, Extreme(ReduceKind.Min), 0);
        var range = n.Emit(BinaryKind.Div, n.Emit(BinaryKind.Sub, largest, smallest), 255);
        var scale = n.EmitSelect(n.Emit(BinaryKind.Equal, range, 0), NodeImport.Scalar(DataType.Float32, 1), range);
        var zero = Quantize(n, n.Emit(BinaryKind.Div, n.Emit(UnaryKind.Neg, smallest), scale), null, DataType.UInt8);
        return (Quantize(n, n.Emit(BinaryKind.Div, x, scale), zero, DataType.UInt8), scale, zero);
    }

    private static bool IsAll(Value value, float number)
    {
        if (value.Constant is not { Count: <= 65536 } data)
        {
            return false;
        }

        var elements = Evaluation.Tensor.Of(data);
        return elements.IsFloat ? Array.TrueForAll(elements.Floats, f => f == number) : Array.TrueForAll(elements.Integers, i => i == (long)number);
    }

    /// <summary>From a position in a tensor to that in a smaller one that broadcasts to it.</summary>
    private static Func<long, long> PositionIn(long[] small, long[] dims)
    {
        if (small.All(d => d == 1))
        {
            return _ => 0;
        }

        var (strides, own) = (SymbolicTensor.Strides(dims), SymbolicTensor.Strides(small));
        var axes = Enumerable.Range(0, small.Length)
            .Where(a => small[a] > 1)
            .Select(a => (Stride: strides[a + dims.Length - small.Length], Length: small[a], Own: own[a]))
            .ToArray();
        return position =>
        {
            var sum = 0L;
            foreach (var (stride, length, step) in axes)
            {
                sum += position / stride % length * step;
            }

            return sum;
        };
    }

    private static void DequantizeLinear(NodeImport n)
    {
        var (x, scale, zero) = (n.Data(0), n.Data(1), n.OptionalData(2));
        var axis = scale.Shape.Rank == 0 || scale.Shape.Elements.Is(1) ? Ignored(n) : n.Axis("axis", 1, x.Shape.Rank);
        var block = n.Int("block_size", 0);
        n.Ignore("output_dtype");
        if (x.Type != DataType.Int32)
        {
            RangeOf(n, x.Type);
        }

        n.Set(0, DequantizeBlocks(n, x, scale, zero, axis, block)
            ?? Dequantize(n, x, Along(n, scale, x, axis, block), zero is null ? null : Along(n, zero, x, axis, block)));
    }

    /// <summary>Constants with a scale for each block along an axis, widened only when they are read; null where they are something else.</summary>
    public static Value? DequantizeBlocks(NodeImport n, Value x, Value scale, Value? zero, int axis, long block)
    {
        if (block < 1 || !x.IsConstant || !scale.IsConstant || zero is { IsConstant: false } || scale.Shape.Rank != x.Shape.Rank)
        {
            return null;
        }

        if (zero is not null && zero.Shape != scale.Shape)
        {
            throw new ShapeException($"zero points {zero.Shape} for scales {scale.Shape}");
        }

        if (zero is not null && zero.Type != x.Type)
        {
            throw n.BadTypes($"a zero point of {zero.Type} for {x.Type}");
        }

        return DequantizeBlocks(x, scale, zero is null ? null : [.. Evaluation.Tensor.Of(zero.Constant!).Integers.Select(z => (float)z)], axis, block);
    }

    /// <summary>Constants with a scale and a zero point for each block along an axis, widened only when they are read.</summary>
    public static Value DequantizeBlocks(Value x, Value scale, float[]? zeros, int axis, long block)
    {
        var (data, scales) = (x.Constant!, scale.Constant!);
        var (dims, own) = (x.Shape.ToConstants(), scale.Shape.ToConstants());
        if (own.Length != dims.Length || own.Where((length, a) => length != (a == axis ? (dims[a] + block - 1) / block : dims[a])).Any())
        {
            throw new ShapeException($"scales {scale.Shape} in blocks of {block} for {x.Shape}");
        }

        var inner = dims[(axis + 1)..].Aggregate(1L, (product, d) => product * d);
        return ModelGraph.Constant(x.Name, Dequantized.Of(data, scales.As<float>().ToArray(), zeros, position =>
        {
            var (outer, along) = (position / inner / dims[axis], position / inner % dims[axis]);
            return (((outer * own[axis]) + (along / block)) * inner) + (position % inner);
        }));
    }

    private static void QuantizeLinear(NodeImport n)
    {
        var (x, scale, zero) = (Elementwise.Float(n, n.Data(0)), n.Data(1), n.OptionalData(2));
        var axis = scale.Shape.Rank == 0 || scale.Shape.Elements.Is(1) ? Ignored(n) : n.Axis("axis", 1, x.Shape.Rank);
        var block = n.Int("block_size", 0);
        n.Ignore("saturate");
        n.Ignore("precision");
        var type = zero?.Type ?? (n.Int("output_dtype", 0) == 0 ? DataType.UInt8 : n.ElementType("output_dtype", null));
        n.Ignore("output_dtype");
        n.Set(Quantize(n, n.Emit(BinaryKind.Div, x, Along(n, scale, x, axis, block)), zero is null ? null : Along(n, zero, x, axis, block), type));
    }

    private static int Ignored(NodeImport n)
    {
        n.Ignore("axis");
        return 0;
    }

    /// <summary>
    /// Scales or zero points in a shape that broadcasts against x: one for all, one for each index of an axis, or one for each block along it.
    /// </summary>
    private static Value Along(NodeImport n, Value parameter, Value x, int axis, long block)
    {
        if (parameter.Shape.Elements.Is(1))
        {
            return n.EmitReshape(parameter);
        }

        if (parameter.Shape.Rank == 1 && block == 0)
        {
            n.RequireSame(parameter.Shape[0], x.Shape[axis], "scales and the axis");
            return n.EmitReshape(parameter, x.Shape.Select((d, a) => a == axis ? d : Dim.One));
        }

        if (block < 1 || parameter.Shape.Rank != x.Shape.Rank || !x.Shape[axis].IsConstant)
        {
            throw new ShapeException($"scales {parameter.Shape} in blocks of {block} for {x.Shape}");
        }

        // Each scale is repeated over its block; the last block may be short.
        var apart = n.EmitReshape(parameter, parameter.Shape.Take(axis + 1).Append(Dim.One).Concat(parameter.Shape.Skip(axis + 1)));
        var repeated = n.Emit(new Expand(apart.Shape.With(axis + 1, block)), apart);
        var flat = n.EmitReshape(repeated, parameter.Shape.With(axis, parameter.Shape[axis] * block));
        return n.EmitSlice(flat, axis, 0, x.Shape[axis]);
    }

    private static void DynamicQuantizeLinear(NodeImport n)
    {
        var (quantised, scale, zero) = QuantizeDynamically(n, Elementwise.Float(n, n.Data(0)));
        n.Set(0, quantised);
        n.Set(1, scale);
        n.Set(2, zero);
    }

    private static void QLinearMatMul(NodeImport n)
    {
        var product = MatrixProducts.Multiply(n, Centred(n, 0, 2, isColumns: false), Centred(n, 3, 5, isColumns: true));
        var scale = n.Emit(BinaryKind.Div, n.Emit(BinaryKind.Mul, n.EmitReshape(n.Data(1)), n.Data(4)), n.EmitReshape(n.Data(6)));
        n.Set(Quantize(n, n.Emit(BinaryKind.Mul, product, scale), n.Data(7), n.Data(7).Type));
    }
}
