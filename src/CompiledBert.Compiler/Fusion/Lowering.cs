using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Fusion;

/// <summary>
/// Normalisations and softmaxes outside of attention in terms of reductions and elementwise operators, so that the general nest builder fuses them
/// with their neighbours like anything else.
/// </summary>
internal static class Lowering
{
    public static void Run(ModelGraph graph, IReadOnlyCollection<AttentionPattern> patterns)
    {
        foreach (var pattern in patterns)
        {
            GiveKeysRows(graph, pattern.Scores);
        }

        var attention = patterns.Select(p => p.Softmax).ToHashSet();
        foreach (var node in graph.Nodes.ToList())
        {
            var lowered = node.Operator switch
            {
                LayerNorm norm => LowerLayerNorm(graph, node, norm),
                RmsNorm norm => LowerRmsNorm(graph, node, norm),
                ArgExtremum arg => LowerArgExtremum(graph, node, arg),
                Conv1d { PadBefore: not 0 } or Conv1d { PadAfter: not 0 } => LowerPadding(graph, node, (Conv1d)node.Operator),
                Softmax softmax when !attention.Contains(node) => LowerSoftmax(graph, node, softmax),
                _ => null,
            };
            if (lowered is not null)
            {
                graph.ReplaceUses(node.Output, lowered);
            }
        }

        GiveOutputsNodes(graph);
        graph.Tidy();
    }

    /// <summary>
    /// Keys arrive at the product as columns. Where they were not rows before, they are transposed and back, which costs nothing by itself, so that there
    /// is a value with keys as rows that can be laid out in memory.
    /// </summary>
    private static void GiveKeysRows(ModelGraph graph, Node scores)
    {
        var columns = scores.In(1);
        if (columns.Producer?.Operator is Transpose { Permutation: [0, 1, 3, 2] or [0, 2, 3, 1] })
        {
            return;
        }

        var build = new Builder(graph, scores);
        var swap = new Transpose(0, 1, 3, 2);
        scores.Replace(columns, build.Add(swap, build.Add(swap, columns)));
    }

    // mean = Σx/n, d = x − mean, variance = Σd²/n, y = d/√(variance + ε)·scale + bias
    private static Value LowerLayerNorm(ModelGraph graph, Node node, LayerNorm norm)
    {
        var build = new Builder(graph, node);
        var x = node.In(0);
        var mean = build.Add(new Reduce(ReduceKind.Mean, x.Shape.Rank - 1), x);
        var centred = build.Add(new Binary(BinaryKind.Sub), x, mean);
        var square = build.Add(new Binary(BinaryKind.Mul), centred, centred);
        var variance = build.Add(new Reduce(ReduceKind.Mean, x.Shape.Rank - 1), square);
        return build.Scaled(centred, variance, norm.Epsilon);
    }

    private static Value LowerRmsNorm(ModelGraph graph, Node node, RmsNorm norm)
    {
        var build = new Builder(graph, node);
        var x = node.In(0);
        var square = build.Add(new Binary(BinaryKind.Mul), x, x);
        return build.Scaled(x, build.Add(new Reduce(ReduceKind.Mean, x.Shape.Rank - 1), square), norm.Epsilon);
    }

    private static Value LowerSoftmax(ModelGraph graph, Node node, Softmax softmax)
    {
        var build = new Builder(graph, node);
        var x = node.In(0);
        var max = build.Add(new Reduce(ReduceKind.Max, softmax.Axis), x);
        var e = build.Add(new Unary(UnaryKind.Exp), build.Add(new Binary(BinaryKind.Sub), x, max));
        return build.Add(new Binary(BinaryKind.Div), e, build.Add(new Reduce(ReduceKind.Sum, softmax.Axis), e));
    }

    // extreme = max x, y = min over positions where x = extreme
    private static Value LowerArgExtremum(ModelGraph graph, Node node, ArgExtremum arg)
    {
        var build = new Builder(graph, node);
        var x = node.In(0);
        var length = x.Shape[arg.Axis];
        var extreme = build.Add(new Reduce(arg.Largest ? ReduceKind.Max : ReduceKind.Min, arg.Axis), x);
        var found = build.Add(new Binary(BinaryKind.Equal), x, extreme);
        var positions = build.Add(
            new Reshape(new Shape(x.Shape.Skip(arg.Axis).Select((_, i) => i == 0 ? length : Dim.One))), build.Add(new Iota(Dim.Zero, 1, length)));
        var none = ModelGraph.Constant("none", TensorData.FromInt64s([], [arg.SelectLast ? -1 : long.MaxValue]));
        return build.Add(new Reduce(arg.SelectLast ? ReduceKind.Max : ReduceKind.Min, arg.Axis), build.Add(new Select(), found, positions, none));
    }

    private static Value LowerPadding(ModelGraph graph, Node node, Conv1d conv)
    {
        var build = new Builder(graph, node);
        var padded = build.Add(new Pad([0, 0, conv.PadBefore], [0, 0, conv.PadAfter]), node.In(0));
        return build.Add(conv with { PadBefore = 0, PadAfter = 0 }, [padded, .. node.Inputs.Skip(1).OfType<Value>()]);
    }

    /// <summary>An output that is an input, a constant, or another output too becomes a copy of it.</summary>
    private static void GiveOutputsNodes(ModelGraph graph)
    {
        var seen = new HashSet<Value>();
        for (var i = 0; i < graph.Outputs.Count; i++)
        {
            var (name, value) = graph.Outputs[i];
            if (value.Producer is null || !seen.Add(value))
            {
                graph.Outputs[i] = (name, graph.Add(name, new Unary(UnaryKind.Identity), [value], []));
            }
        }
    }

    private sealed class Builder(ModelGraph graph, Node node)
    {
        public Value Add(Operator op, params Value[] inputs) => graph.InsertBefore(node, node.Output.Name, op, inputs, node.Origins);

        public Value Scaled(Value centred, Value variance, float epsilon)
        {
            var scale = Add(new Unary(UnaryKind.Rsqrt), Add(new Binary(BinaryKind.Add), variance, ModelGraph.Constant(epsilon)));
            var result = Add(new Binary(BinaryKind.Mul), Add(new Binary(BinaryKind.Mul), centred, scale), node.In(1));
            return node.Inputs.Count > 2 && node.Inputs[2] is { } bias ? Add(new Binary(BinaryKind.Add), result, bias) : result;
        }
    }
}
