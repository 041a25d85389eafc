using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Onnx.Operators;

/// <summary>Quantised operators of ONNX Runtime, by their literal meaning.</summary>
internal static class ContribQuantization
{
    public static void Register(OperatorTable table)
    {
        // The same operators as ONNX's, for types that its older versions lack.
        foreach (var (name, inputs) in new[] { ("DequantizeLinear", 3), ("QuantizeLinear", 3) })
        {
            Add(table, name, 2, inputs, n => table.Find("", name)!.Import(n));
        }

        Add(table, "DynamicQuantizeMatMul", 3, 5, DynamicQuantizeMatMul);
        Add(table, "MatMulIntegerToFloat", 4, 7, MatMulIntegerToFloat);
        Add(table, "QLinearAdd", 7, 8, QLinearAdd);
        Add(table, "QLinearMul", 7, 8, QLinearMul);
        Add(table, "QLinearSigmoid", 4, 5, n => Requantize(n, n.Emit(UnaryKind.Sigmoid, Input(n, 0)), 3));
        Add(table, "QLinearLeakyRelu", 4, 5, QLinearLeakyRelu);
        Add(table, "QLinearWhere", 9, 9, QLinearWhere);
        Add(table, "QLinearGlobalAveragePool", 4, 5, QLinearGlobalAveragePool);
        Add(table, "QLinearConv", 8, 9, n => table.Find("", "QLinearConv")!.Import(n));
        Add(table, "GatherBlockQuantized", 3, 4, GatherBlockQuantized);
        Add(table, "QLinearSoftmax", 5, 5, QLinearSoftmax);
        Add(table, "QLinearConcat", 5, OperatorTable.Any, QLinearConcat);
        Add(table, "QGemm", 6, 9, QGemm);
        Add(table, "QAttention", 5, 9, QAttention, maxOutputs: 2);
        Add(table, "QEmbedLayerNormalization", 13, 18, QEmbedLayerNormalization, maxOutputs: 2);
        Add(table, "MatMulNBits", 3, 6, MatMulNBits);
    }

    private static void Add(OperatorTable table, string name, int minInputs, int maxInputs, Action<NodeImport> import, int maxOutputs = 1) =>
        table.Add(OperatorTable.Microsoft, name, minInputs, maxInputs, import, maxOutputs);

    /// <summary>A quantised operand followed by its scale and zero point.</summary>
    private static Value Input(NodeImport n, int at) => Quantization.Dequantize(n, n.Data(at), n.Data(at + 1), n.OptionalData(at + 2));

    /// <summary>The result, quantised with the scale and zero point at the end of the inputs.</summary>
    private static void Requantize(NodeImport n, Value x, int scale)
    {
        var zero = n.OptionalData(scale + 1);
        n.Set(Quantization.Quantize(n, n.Emit(BinaryKind.Div, x, n.Data(scale)), zero, zero?.Type ?? n.Data(0).Type));
    }

    /// <summary>a·(scaleA/scaleC) + b·(scaleB/scaleC) and the zero points' part, rounded once: in this order, because a step may hang on it.</summary>
    private static void QLinearAdd(NodeImport n)
    {
        var result = n.EmitReshape(n.Data(6));
        var (ratioA, ratioB) = (n.Emit(BinaryKind.Div, n.EmitReshape(n.Data(1)), result), n.Emit(BinaryKind.Div, n.EmitReshape(n.Data(4)), result));
        var zeros = n.Emit(BinaryKind.Add, n.Emit(BinaryKind.Mul, ratioA, Zero(n, 2)), n.Emit(BinaryKind.Mul, ratioB, Zero(n, 5)));
        var a = n.Emit(BinaryKind.Add, n.Emit(BinaryKind.Mul, n.EmitCast(n.Data(0), DataType.Float32), ratioA), n.Emit(BinaryKind.Sub, Zero(n, 7), zeros));
        n.Set(Quantization.Quantize(
            n, n.Emit(BinaryKind.Add, a, n.Emit(BinaryKind.Mul, n.EmitCast(n.Data(3), DataType.Float32), ratioB)), null, n.Data(0).Type));
    }

    /// <summary>(a − zeroA)·(b − zeroB)·(scaleA·scaleB/scaleC) + zeroC, rounded once.</summary>
    private static void QLinearMul(NodeImport n)
    {
        var product = n.Emit(BinaryKind.Mul, Quantization.Centred(n, 0, 2, isColumns: false), Quantization.Centred(n, 3, 5, isColumns: false));
        var ratio = n.Emit(BinaryKind.Div, n.Emit(BinaryKind.Mul, n.EmitReshape(n.Data(1)), n.EmitReshape(n.Data(4))), n.EmitReshape(n.Data(6)));
        n.Set(Quantization.Quantize(n, n.Emit(BinaryKind.Add, n.Emit(BinaryKind.Mul, product, ratio), Zero(n, 7)), null, n.Data(0).Type));
    }

    private static Value Zero(NodeImport n, int at) =>
        n.OptionalData(at) is { } zero ? n.EmitReshape(n.EmitCast(zero, DataType.Float32)) : NodeImport.Scalar(DataType.Float32, 0);

    private static void DynamicQuantizeMatMul(NodeImport n)
    {
        var (quantised, scale, zero) = Quantization.QuantizeDynamically(n, Elementwise.Float(n, n.Data(0)));
        var product = MatrixProducts.Multiply(
            n, Quantization.Dequantize(n, quantised, NodeImport.Scalar(DataType.Float32, 1), zero), Quantization.Centred(n, 1, 3, isColumns: true));
        Scaled(n, product, n.Emit(BinaryKind.Mul, n.Data(2), scale), n.OptionalData(4));
    }

    private static void MatMulIntegerToFloat(NodeImport n)
    {
        var product = MatrixProducts.Multiply(n, Quantization.Centred(n, 0, 4, isColumns: false), Quantization.Centred(n, 1, 5, isColumns: true));
        Scaled(n, product, n.Emit(BinaryKind.Mul, n.Data(2), n.Data(3)), n.OptionalData(6));
    }

    private static void Scaled(NodeImport n, Value product, Value scale, Value? bias)
    {
        product = n.Emit(BinaryKind.Mul, product, scale);
        n.Set(bias is null ? product : n.Emit(BinaryKind.Add, product, bias));
    }

    private static void QLinearLeakyRelu(NodeImport n)
    {
        var x = Input(n, 0);
        var scaled = n.Emit(BinaryKind.Mul, x, n.Float("alpha", 0.01f));
        Requantize(n, n.EmitSelect(n.Emit(BinaryKind.Less, x, 0), scaled, x), 3);
    }

    /// <summary>Inputs: the condition, then each operand with its scale and zero point, then those of the result.</summary>
    private static void QLinearWhere(NodeImport n) => Requantize(n, n.EmitSelect(n.Data(0), Input(n, 1), Input(n, 4)), 7);

    private static void QLinearGlobalAveragePool(NodeImport n)
    {
        var x = Input(n, 0);
        var isLast = n.Flag("channels_last", false);
        if (x.Shape.Rank < 3)
        {
            throw new ShapeException($"[batch, channels, …] is needed, not {x.Shape}");
        }

        Requantize(n, n.Emit(new Reduce(ReduceKind.Mean, [.. Enumerable.Range(isLast ? 1 : 2, x.Shape.Rank - 2)]), x), 3);
    }

    /// <summary>Rows of a table stored in blocks of a few bits.</summary>
    private static void GatherBlockQuantized(NodeImport n)
    {
        var (data, indices, scale, zero) = (n.Data(0), n.Data(1), n.Data(2), n.OptionalData(3));
        var axis = n.Axis("gather_axis", 0, data.Shape.Rank);
        var along = n.Axis("quantize_axis", 1, data.Shape.Rank);
        var (block, bits) = (n.Int("block_size", 128), n.Int("bits", 4));
        var isPacked = data.Type == DataType.UInt8;
        if (isPacked ? bits is not (4 or 8) || axis != 0 || along != data.Shape.Rank - 1 : data.Type is not (DataType.Int4 or DataType.UInt4) || bits != 4)
        {
            throw n.Unsupported($"elements of {data.Type} with {bits} bits, quantised along axis {along} and gathered along {axis}");
        }

        if (block < 16)
        {
            throw n.Unsupported($"blocks of {block}");
        }

        if (indices.Type is not (DataType.Int32 or DataType.Int64))
        {
            throw n.BadTypes($"indices are int32 or int64, not {indices.Type}");
        }

        var table = isPacked ? PackedTable(n, data, scale, zero, (int)bits, block) : Quantization.DequantizeBlocks(n, data, scale, zero, along, block);
        n.Set(n.Emit(new Gather(axis), table ?? throw n.Unsupported("a table that is not constant"), indices));
    }

    /// <summary>
    /// A table of bytes with one or two elements in each: as in MatMulNBits, rows of zero points end with a byte, and
    /// without any the middle of the range is zero.
    /// </summary>
    private static Value? PackedTable(NodeImport n, Value data, Value scale, Value? zero, int bits, long block)
    {
        if (data.Constant is not { } bytes || !scale.IsConstant || zero is { IsConstant: false })
        {
            return null;
        }

        if (zero is not null && zero.Type != DataType.UInt8)
        {
            throw n.BadTypes($"a zero point of {zero.Type} for {data.Type}");
        }

        long[] dims = [.. bytes.Dims.SkipLast(1), bytes.Dims[^1] * 8 / bits];
        var (rows, blocks) = ((int)bytes.Dims.SkipLast(1).Aggregate(1L, (product, dim) => product * dim), (int)((dims[^1] + block - 1) / block));
        if (zero is not null && zero.Constant!.Count != (long)rows * (((blocks * bits) + 7) / 8))
        {
            throw new ShapeException($"zero points {zero.Shape} for {data.Shape} in blocks of {block}");
        }

        var table = ModelGraph.Constant(data.Name, bytes.Reinterpreted(bits == 4 ? DataType.UInt4 : DataType.UInt8, dims));
        return Quantization.DequantizeBlocks(table, scale, Zeros(zero?.Constant, rows, blocks, bits), dims.Length - 1, block);
    }

    private static void QLinearSoftmax(NodeImport n)
    {
        var x = Input(n, 0);
        var opset = n.Int("opset", 13);
        var axis = n.Axis("axis", -1, x.Shape.Rank);
        if (opset < 13 && axis != x.Shape.Rank - 1)
        {
            throw n.Unsupported($"axis {axis} of {x.Shape.Rank} by the rules of opset {opset}");
        }

        Requantize(n, n.Emit(new Softmax(axis), x), 3);
    }

    private static void QLinearConcat(NodeImport n)
    {
        var operands = Enumerable.Range(0, (n.InputCount - 2) / 3).Select(i => Input(n, 2 + (i * 3))).ToArray();
        var axis = n.Axis("axis", null, operands[0].Shape.Rank);
        var joined = n.Emit(new Concat(axis), operands);
        n.Set(Quantization.Quantize(n, n.Emit(BinaryKind.Div, joined, n.Data(0)), n.Data(1), n.Data(1).Type));
    }

    private static void QGemm(NodeImport n)
    {
        var (a, b) = (Quantization.Centred(n, 0, 2, isColumns: false), n.Data(3));
        var (alpha, transA, transB) = (n.Float("alpha", 1), n.Flag("transA", false), n.Flag("transB", false));
        var zeros = n.OptionalData(5);
        if (transB)
        {
            b = MatrixProducts.SwapLast(n, b);
        }

        var weights = Quantization.Dequantize(n, b, NodeImport.Scalar(DataType.Float32, 1), zeros);
        var product = MatrixProducts.Multiply(n, transA ? MatrixProducts.SwapLast(n, a) : a, weights);
        if (n.OptionalData(6) is { } c)
        {
            product = n.Emit(BinaryKind.Add, product, n.EmitCast(c, DataType.Float32));
        }

        var scale = n.Emit(BinaryKind.Mul, n.Emit(BinaryKind.Mul, n.EmitReshape(n.Data(1)), n.Data(4)), alpha);
        if (n.OptionalData(7) is not { } step)
        {
            n.Set(n.Emit(BinaryKind.Mul, product, scale));
            return;
        }

        var zero = n.OptionalData(8);
        n.Set(Quantization.Quantize(n, n.Emit(BinaryKind.Mul, product, n.Emit(BinaryKind.Div, scale, step)), zero, zero?.Type ?? n.Data(0).Type));
    }

    private static void QAttention(NodeImport n)
    {
        var product = MatrixProducts.Multiply(n, Quantization.Centred(n, 0, 6, isColumns: false), Quantization.Centred(n, 1, 7, isColumns: true));
        var scaled = n.Emit(BinaryKind.Mul, product, n.Emit(BinaryKind.Mul, n.Data(3), n.Data(4)));
        ContribAttention.Project(n, n.Emit(BinaryKind.Add, scaled, n.Data(2)), n.OptionalData(5), n.OptionalData(8), null);
    }

    private static void QEmbedLayerNormalization(NodeImport n)
    {
        // Tables and parameters 2 to 6 have their scales at 8 to 12 and their zero points at 13 to 17.
        Value? Part(int at) => n.OptionalData(at) is { } x ? Quantization.Dequantize(n, x, n.Data(at + 6), n.OptionalData(at + 11)) : null;
        Contrib.Embed(n, Part(2)!, Part(3)!, Part(4), Part(5)!, Part(6)!, n.OptionalData(7), null);
    }

    private static void MatMulNBits(NodeImport n)
    {
        var (rows, columns) = (Size("K"), Size("N"));
        var (bits, block) = ((int)n.Int("bits", 4), (int)n.RequiredInt("block_size"));
        var isInt8 = n.Int("accuracy_level", 0) == 4;
        n.Ignore("weight_prepacked");
        if (n.Optional(4) is not null || bits is not (2 or 4 or 8) || block < 16 || !int.IsPow2(block))
        {
            throw n.Unsupported(n.Optional(4) is not null ? "g_idx" : $"{bits} bits in blocks of {block}");
        }

        var blocks = (rows + block - 1) / block;
        var zeros = n.OptionalData(3);
        if (n.Data(1).Constant is not { Type: DataType.UInt8 } packed || n.Data(2).Constant is not { Type: DataType.Float32 } scales
            || zeros is { IsConstant: false })
        {
            throw n.Unsupported("weights that are not constant");
        }

        var zeroBytes = ((blocks * bits) + 7) / 8;
        if (packed.Count != (long)columns * blocks * (block * bits / 8) || scales.Count != (long)columns * blocks
            || (zeros is not null && zeros.Constant!.Count != (long)columns * (zeros.Type == DataType.UInt8 ? zeroBytes : blocks)))
        {
            throw new ShapeException(
                $"weights {Shape.Of(packed.Dims)}, scales {Shape.Of(scales.Dims)} or zero points do not fit {rows} × {columns} in blocks of {block}");
        }

        var weights = Dequantized.OfBlocks(
            packed, rows, columns, bits, block, () => scales.As<float>().ToArray(), () => Zeros(zeros?.Constant, columns, blocks, bits));
        var x = Elementwise.Float(n, n.Data(0));
        n.RequireSame(x.Shape[-1], rows, "inner lengths");
        var product = MatrixProducts.Multiply(n, isInt8 ? RoundToInt8(n, x, rows, block) : x, ModelGraph.Constant(n.Node.Input[1], weights));
        n.Set(n.OptionalData(5) is { } bias ? n.Emit(BinaryKind.Add, product, bias) : product);

        int Size(string attribute) => n.RequiredInt(attribute) is > 0 and < int.MaxValue and var size
            ? (int)size
            : throw n.BadAttribute(attribute, "is no size");
    }

    /// <summary>Accuracy level 4: activations rounded to 255 steps over each block's largest absolute value.</summary>
    private static Value RoundToInt8(NodeImport n, Value x, int rows, int block)
    {
        var blocks = (rows + block - 1) / block;
        var rank = x.Shape.Rank;
        var none = Enumerable.Repeat(Dim.Zero, rank).ToArray();
        Dim[] after = [.. none[..^1], (blocks * block) - rows];
        var padded = blocks * block == rows ? x : n.Emit(new Pad(none, after), x, NodeImport.Scalar(DataType.Float32, 0));
        var apart = n.EmitReshape(padded, x.Shape.SkipLast(1).Append(blocks).Append(block));
        var largest = n.Emit(new Reduce(ReduceKind.Max, rank), n.Emit(UnaryKind.Abs, apart));
        var safe = n.EmitSelect(n.Emit(BinaryKind.Equal, largest, 0), NodeImport.Scalar(DataType.Float32, 1), largest);
        var steps = n.Emit(UnaryKind.Round, n.Emit(BinaryKind.Mul, apart, n.Emit(BinaryKind.Div, NodeImport.Scalar(DataType.Float32, 127), safe)));
        var rounded = n.Emit(BinaryKind.Mul, steps, n.Emit(BinaryKind.Div, largest, 127));
        return n.EmitSlice(n.EmitReshape(rounded, padded.Shape), rank - 1, 0, rows);
    }

    /// <summary>Zero points column by column: stored as numbers, packed as the weights are, or the middle of the range.</summary>
    private static float[] Zeros(TensorData? stored, int columns, int blocks, int bits)
    {
        var zeros = new float[columns * blocks];
        if (stored is { Type: DataType.Float32 })
        {
            return stored.As<float>().ToArray();
        }

        Array.Fill(zeros, 1 << (bits - 1));
        for (var i = 0; stored is not null && i < zeros.Length; i++)
        {
            var (column, index) = (i / blocks, i % blocks);
            zeros[i] = (stored.Bytes[(column * (((blocks * bits) + 7) / 8)) + (index * bits / 8)] >> (index * bits % 8)) & ((1 << bits) - 1);
        }

        return zeros;
    }
}
