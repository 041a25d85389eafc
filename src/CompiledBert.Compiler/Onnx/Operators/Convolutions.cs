using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Onnx.Operators;

/// <summary>
/// Convolutions. Along one axis they are an operator of their own; over planes, and where a stride meets a length that is not constant, they are a
/// matrix product with the operand's windows side by side.
/// </summary>
internal static class Convolutions
{
    /// <summary>Places of a kernel up to which windows are laid side by side.</summary>
    private const long MaxWindow = 4096;

    public static void Register(OperatorTable table)
    {
        table.Add("Conv", 2, 3, n => n.Set(Convolve(n, Elementwise.Float(n, n.Data(0)), Elementwise.Float(n, n.Data(1)), n.OptionalData(2))));
        table.Add("ConvInteger", 2, 4, ConvInteger);
        table.Add("QLinearConv", 8, 9, QLinearConv);
    }

    /// <summary>x [batch, channels, …] with w [outputs, channels / groups, …]: strides, dilations, pads and groups are the node's.</summary>
    private static Value Convolve(NodeImport n, Value x, Value w, Value? bias)
    {
        var rank = x.Shape.Rank - 2;
        if (rank < 1 || w.Shape.Rank != x.Shape.Rank || !w.Shape.IsConstant)
        {
            throw new ShapeException($"weights {w.Shape} do not fit {x.Shape}");
        }

        var groups = n.Int("group", 1);
        var kernel = n.Ints("kernel_shape") ?? [.. w.Shape.Skip(2).Select(d => d.Value)];
        var (strides, dilations) = (n.Ints("strides") ?? Ones(rank), n.Ints("dilations") ?? Ones(rank));
        var pads = n.Ints("pads") ?? new long[rank * 2];
        if (kernel.Length != rank || strides.Length != rank || dilations.Length != rank || pads.Length != rank * 2
            || groups < 1 || w.Shape[0].Value % groups != 0
            || Array.Exists(strides, s => s < 1) || Array.Exists(dilations, d => d < 1) || Array.Exists(pads, p => p < 0)
            || !kernel.SequenceEqual(w.Shape.Skip(2).Select(d => d.Value)) || Array.Exists(kernel, k => k < 1))
        {
            throw new ShapeException($"kernel, groups, strides, dilations or pads do not fit weights {w.Shape}");
        }

        n.RequireSame(x.Shape[1], w.Shape[1] * groups, "channels");
        if (bias is not null)
        {
            n.RequireSame(bias.Shape.Elements, w.Shape[0], "bias and channels");
        }

        AutoPad(n, x, kernel, strides, dilations, pads);
        for (var axis = 0; axis < rank; axis++)
        {
            if (x.Shape[axis + 2] is { IsConstant: true } length && length.Value + pads[axis] + pads[axis + rank] < Span(kernel[axis], dilations[axis]))
            {
                throw new ShapeException($"a kernel of [{string.Join(',', kernel)}] reaches over more than the operand {x.Shape} and its pads have");
            }
        }

        return rank == 1 && (strides[0] == 1 || x.Shape[2].IsConstant)
            ? n.Emit(new Conv1d(groups, strides[0], dilations[0], pads[0], pads[1]), x, w, bias)
            : OverWindows(n, x, w, bias, groups, kernel, strides, dilations, pads);
    }

    /// <summary>Elements that the taps of a kernel reach over.</summary>
    private static long Span(long taps, long dilation) => (dilation * (taps - 1)) + 1;

    private static long[] Ones(int count) => [.. Enumerable.Repeat(1L, count)];

    private static void AutoPad(NodeImport n, Value x, long[] kernel, long[] strides, long[] dilations, long[] pads)
    {
        var mode = n.Text("auto_pad", "NOTSET");
        if (mode is "NOTSET" or "VALID" or "")
        {
            return;
        }

        for (var axis = 0; axis < kernel.Length; axis++)
        {
            var span = Span(kernel[axis], dilations[axis]);
            var length = x.Shape[axis + 2];
            var total = strides[axis] == 1 ? span - 1
                : length.IsConstant ? Math.Max(0, ((((length.Value + strides[axis] - 1) / strides[axis]) - 1) * strides[axis]) + span - length.Value)
                : throw n.Unsupported($"auto_pad {Diagnostic.Abbreviate(mode)} and stride {strides[axis]}");
            (pads[axis], pads[axis + kernel.Length]) = mode switch
            {
                "SAME_UPPER" => (total / 2, total - (total / 2)),
                "SAME_LOWER" => (total - (total / 2), total / 2),
                _ => throw n.BadAttribute("auto_pad", $"is '{Diagnostic.Abbreviate(mode)}'"),
            };
        }
    }

    private static Value OverWindows(NodeImport n, Value x, Value w, Value? bias, long groups, long[] kernel, long[] strides, long[] dilations, long[] pads)
    {
        var rank = kernel.Length;
        var size = kernel.Aggregate(1L, (product, k) => Math.Min(product * k, MaxWindow + 1));
        if (size > MaxWindow)
        {
            throw n.Unsupported($"a kernel of [{string.Join(',', kernel)}]");
        }

        var padded = pads.All(p => p == 0) ? x : n.Emit(
            new Pad([0, 0, .. pads.Take(rank).Select(p => Dim.Of(p))], [0, 0, .. pads.Skip(rank).Select(p => Dim.Of(p))]), x, NodeImport.Scalar(x.Type, 0));
        var lengths = Enumerable.Range(0, rank).Select(a =>
            Shapes.LengthBetween(n, Dim.Zero, padded.Shape[a + 2] - (Span(kernel[a], dilations[a]) - 1), strides[a])).ToArray();
        var places = new Shape(lengths).Elements;

        // One slice of the operand for each place of the kernel: [batch, groups, channels, 1, places].
        var windows = new List<Value>();
        for (var tap = 0L; tap < size; tap++)
        {
            var (slice, rest) = (padded, tap);
            for (var axis = rank - 1; axis >= 0; axis--)
            {
                slice = n.Emit(new Slice(axis + 2, rest % kernel[axis] * dilations[axis], strides[axis], lengths[axis]), slice);
                rest /= kernel[axis];
            }

            windows.Add(n.EmitReshape(slice, x.Shape[0], groups, w.Shape[1], 1, places));
        }

        var columns = n.EmitReshape(n.Emit(new Concat(3), [.. windows]), x.Shape[0], groups, w.Shape[1] * size, places);
        var rows = n.EmitReshape(w, groups, w.Shape[0].Value / groups, w.Shape[1] * size);
        var product = n.EmitReshape(n.EmitMatMul(rows, columns), [x.Shape[0], w.Shape[0], .. lengths]);
        return bias is null ? product : n.Emit(BinaryKind.Add, product, n.EmitReshape(bias, lengths.Select(_ => Dim.One).Prepend(w.Shape[0])));
    }

    /// <summary>Weights minus their zero points, of which there may be one an output.</summary>
    private static Value CentredWeights(NodeImport n, Value w, Value? zero)
    {
        Quantization.RangeOf(n, w.Type);
        zero = zero is null || zero.Shape.Elements.Is(1)
            ? zero is null ? null : n.EmitReshape(zero)
            : n.EmitReshape(zero, w.Shape.Skip(1).Select(_ => Dim.One).Prepend(w.Shape[0]));
        return Quantization.Dequantize(n, w, NodeImport.Scalar(DataType.Float32, 1), zero);
    }

    private static void ConvInteger(NodeImport n)
    {
        var x = Quantization.Centred(n, 0, 2, isColumns: false);
        n.Set(n.EmitWholeCast(Convolve(n, x, CentredWeights(n, n.Data(1), n.OptionalData(3)), null), DataType.Int32));
    }

    private static void QLinearConv(NodeImport n)
    {
        var x = Quantization.Centred(n, 0, 2, isColumns: false);
        var sum = Convolve(n, x, CentredWeights(n, n.Data(3), n.Data(5)), n.OptionalData(8) is { } bias ? n.EmitCast(bias, DataType.Float32) : null);
        var scale = n.Emit(BinaryKind.Div, n.Emit(BinaryKind.Mul, n.EmitReshape(n.Data(1)), n.Data(4)), n.EmitReshape(n.Data(6)));
        scale = scale.Shape.Elements.Is(1) ? n.EmitReshape(scale) : n.EmitReshape(scale, sum.Shape.Skip(2).Select(_ => Dim.One).Prepend(sum.Shape[1]));
        n.Set(Quantization.Quantize(n, n.Emit(BinaryKind.Mul, sum, scale), n.EmitReshape(n.Data(7)), n.Data(7).Type));
    }
}
