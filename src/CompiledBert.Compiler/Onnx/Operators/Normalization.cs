using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Onnx.Operators;

/// <summary>Softmax and the normalisations.</summary>
internal static class Normalization
{
    public static void Register(OperatorTable table)
    {
        table.Add("Softmax", 1, 1, n => AlongAxis(n, (x, axis) => n.Emit(new Softmax(axis), x)));
        table.Add("LogSoftmax", 1, 1, n => AlongAxis(n, (x, axis) => n.Emit(BinaryKind.Sub, x, Reductions.LogSumExp(n, x, [axis]))));
        table.Add("LayerNormalization", 2, 3, LayerNormalization, maxOutputs: 3);
        table.Add("RMSNormalization", 2, 2, RmsNormalization);
        // ONNX Runtime saves its fused form in the default domain.
        table.Add("SimplifiedLayerNormalization", 2, 2, RmsNormalization, maxOutputs: 2);
        table.Add("BatchNormalization", 5, 5, BatchNormalization, maxOutputs: 5);
        table.Add("InstanceNormalization", 3, 3, InstanceNormalization);
        table.Add("LpNormalization", 1, 1, LpNormalization);
        table.Add("MeanVarianceNormalization", 1, 1, MeanVarianceNormalization);
    }

    /// <summary>(x − mean)/√(variance + ε)·scale + bias over the last axis.</summary>
    public static Value LayerNorm(NodeImport n, Value x, Value scale, Value? bias, float epsilon)
    {
        n.RequireSame(x.Shape[-1], scale.Shape.Elements, "the last axis and its scale");
        if (bias is not null)
        {
            n.RequireSame(x.Shape[-1], bias.Shape.Elements, "the last axis and its bias");
            return n.Emit(new LayerNorm(epsilon), x, n.EmitReshape(scale, x.Shape[-1]), n.EmitReshape(bias, x.Shape[-1]));
        }

        return n.Emit(new LayerNorm(epsilon), x, n.EmitReshape(scale, x.Shape[-1]));
    }

    /// <summary>x/√(mean(x²) + ε)·scale over the last axis.</summary>
    public static Value RmsNorm(NodeImport n, Value x, Value scale, float epsilon)
    {
        n.RequireSame(x.Shape[-1], scale.Shape.Elements, "the last axis and its scale");
        return n.Emit(new RmsNorm(epsilon), x, n.EmitReshape(scale, x.Shape[-1]));
    }

    /// <summary>Sets the result of a function along an axis; before opset 13 that axis and all behind it are one.</summary>
    public static void AlongAxis(NodeImport n, Func<Value, int, Value> compute)
    {
        var x = Elementwise.Float(n, n.Data(0));
        var isFlat = n.Opset < 13;
        var axis = n.Axis("axis", isFlat ? 1 : -1, Math.Max(1, x.Shape.Rank));
        if (x.Shape.Rank == 0 || !isFlat || axis == x.Shape.Rank - 1)
        {
            n.Set(x.Shape.Rank == 0 ? n.EmitReshape(compute(n.EmitReshape(x, Dim.One), 0)) : compute(x, axis));
            return;
        }

        var matrix = n.EmitReshape(x, new Shape(x.Shape.Take(axis)).Elements, new Shape(x.Shape.Skip(axis)).Elements);
        n.Set(n.EmitReshape(compute(matrix, 1), x.Shape));
    }

    private static void LayerNormalization(NodeImport n)
    {
        var (x, scale, bias) = (Elementwise.Float(n, n.Data(0)), n.Data(1), n.OptionalData(2));
        var axis = n.Axis("axis", -1, x.Shape.Rank);
        var epsilon = n.Float("epsilon", 1e-5f);
        n.Ignore("stash_type");
        var (flat, whole) = Flatten(n, x, axis);
        n.Set(n.EmitReshape(LayerNorm(n, flat, Fit(n, scale, whole), bias is null ? null : Fit(n, bias, whole), epsilon), x.Shape));
        if (!n.Wants(1) && !n.Wants(2))
        {
            return;
        }

        var mean = n.Emit(new Reduce(ReduceKind.Mean, flat.Shape.Rank - 1), flat);
        var centred = n.Emit(BinaryKind.Sub, flat, mean);
        var variance = n.Emit(new Reduce(ReduceKind.Mean, flat.Shape.Rank - 1), n.Emit(BinaryKind.Mul, centred, centred));
        var dims = x.Shape.Select((d, a) => a < axis ? d : Dim.One).ToArray();
        n.Set(1, n.EmitReshape(mean, dims));
        n.Set(2, n.EmitReshape(n.Emit(UnaryKind.Rsqrt, n.Emit(BinaryKind.Add, variance, epsilon)), dims));
    }

    private static void RmsNormalization(NodeImport n)
    {
        var (x, scale) = (Elementwise.Float(n, n.Data(0)), n.Data(1));
        var axis = n.Axis("axis", -1, x.Shape.Rank);
        var epsilon = n.Float("epsilon", 1e-5f);
        n.Ignore("stash_type");
        var (flat, whole) = Flatten(n, x, axis);
        n.Set(n.EmitReshape(RmsNorm(n, flat, Fit(n, scale, whole), epsilon), x.Shape));
    }

    /// <summary>The axes that are normalised as one last axis.</summary>
    private static (Value Flat, Shape Normalised) Flatten(NodeImport n, Value x, int axis)
    {
        var normalised = new Shape(x.Shape.Skip(axis));
        return (normalised.Rank == 1 ? x : n.EmitReshape(x, [.. x.Shape.Take(axis), normalised.Elements]), normalised);
    }

    private static Value Fit(NodeImport n, Value parameter, Shape normalised)
    {
        if (parameter.Type != DataType.Float32)
        {
            throw n.BadTypes($"a parameter is {parameter.Type}");
        }

        return parameter.Shape.Elements == normalised.Elements
            ? n.EmitReshape(parameter, normalised.Elements)
            : n.EmitReshape(n.Emit(new Expand(normalised), parameter), normalised.Elements);
    }

    private static void BatchNormalization(NodeImport n)
    {
        var x = Elementwise.Float(n, n.Data(0));
        var epsilon = n.Float("epsilon", 1e-5f);
        var momentum = n.Float("momentum", 0.9f);
        n.Ignore("spatial");
        n.Ignore("is_test");
        if (x.Shape.Rank < 2)
        {
            throw n.Unsupported($"operand {x.Shape}");
        }

        var parameters = Enumerable.Range(1, 4)
            .Select(i => n.EmitReshape(n.Data(i), x.Shape.Skip(2).Select(_ => Dim.One).Prepend(n.Data(i).Shape.Elements)))
            .ToArray();
        if (n.Flag("training_mode", false))
        {
            // By the batch's own mean and variance; with momentum they also become the running ones.
            int[] axes = [0, .. Enumerable.Range(2, x.Shape.Rank - 2)];
            var mean = n.Emit(new Reduce(ReduceKind.Mean, axes), x);
            var centred = n.Emit(BinaryKind.Sub, x, mean);
            var variance = n.Emit(new Reduce(ReduceKind.Mean, axes), n.Emit(BinaryKind.Mul, centred, centred));
            foreach (var (output, own) in new[] { (1, mean), (2, variance) })
            {
                var old = n.Emit(BinaryKind.Mul, n.Data(output + 2), momentum);
                n.Set(output, n.Emit(BinaryKind.Add, old, n.Emit(BinaryKind.Mul, n.EmitReshape(own, x.Shape[1]), 1 - (double)momentum)));
                parameters[output + 1] = n.EmitReshape(own, x.Shape.Skip(2).Select(_ => Dim.One).Prepend(x.Shape[1]));
            }
        }

        var normal = n.Emit(BinaryKind.Mul, n.Emit(BinaryKind.Sub, x, parameters[2]), n.Emit(UnaryKind.Rsqrt, n.Emit(BinaryKind.Add, parameters[3], epsilon)));
        n.Set(n.Emit(BinaryKind.Add, n.Emit(BinaryKind.Mul, normal, parameters[0]), parameters[1]));
    }

    private static void InstanceNormalization(NodeImport n)
    {
        var x = Elementwise.Float(n, n.Data(0));
        n.Ignore("consumed_inputs");
        if (x.Shape.Rank < 3)
        {
            throw new ShapeException($"[batch, channels, …] is needed, not {x.Shape}");
        }

        var normal = Standardise(n, x, [.. Enumerable.Range(2, x.Shape.Rank - 2)], n.Float("epsilon", 1e-5f));
        Value Along(int i) => n.EmitReshape(n.Data(i), x.Shape.Skip(2).Select(_ => Dim.One).Prepend(x.Shape[1]));
        n.Set(n.Emit(BinaryKind.Add, n.Emit(BinaryKind.Mul, normal, Along(1)), Along(2)));
    }

    private static void MeanVarianceNormalization(NodeImport n)
    {
        var x = Elementwise.Float(n, n.Data(0));
        var axes = n.Ints("axes") ?? [0, 2, 3];
        n.Set(Standardise(n, x, [.. Shapes.Normalise(n, axes, x.Shape.Rank).Order()], 1e-9f));
    }

    private static Value Standardise(NodeImport n, Value x, int[] axes, float epsilon)
    {
        var centred = n.Emit(BinaryKind.Sub, x, n.Emit(new Reduce(ReduceKind.Mean, axes), x));
        var variance = n.Emit(new Reduce(ReduceKind.Mean, axes), n.Emit(BinaryKind.Mul, centred, centred));
        return n.Emit(BinaryKind.Mul, centred, n.Emit(UnaryKind.Rsqrt, n.Emit(BinaryKind.Add, variance, epsilon)));
    }

    private static void LpNormalization(NodeImport n)
    {
        var x = Elementwise.Float(n, n.Data(0));
        var axis = n.Axis("axis", -1, x.Shape.Rank);
        var norm = n.Int("p", 2) switch
        {
            1 => n.Emit(new Reduce(ReduceKind.Sum, axis), n.Emit(UnaryKind.Abs, x)),
            2 => n.Emit(UnaryKind.Sqrt, n.Emit(new Reduce(ReduceKind.Sum, axis), n.Emit(BinaryKind.Mul, x, x))),
            var p => throw n.BadAttribute("p", $"is {p}, not 1 or 2"),
        };
        n.Set(n.Emit(BinaryKind.Div, x, norm));
    }
}
