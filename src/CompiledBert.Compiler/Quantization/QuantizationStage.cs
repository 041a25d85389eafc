using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Quantization;

/// <summary>
/// Brings a canonical graph of floats to 8 bits: products take rows in whole numbers, tables of embeddings are kept in rows of whole numbers.
/// <code>
/// Linear(x, W, b)  → IntegerLinear(q, Wq)·s·sW + b    (q, s) = QuantizeRows(x), once for all products of x
///                                             x·v first, and W/v, where columns of x are of different sizes (<see cref="Smoothing"/>)
/// Gather(E, ids)   → Cast(Gather(Eq, ids))·Gather(sE, ids)
/// </code>
/// </summary>
internal static class QuantizationStage
{
    // What is smaller gains nothing, and the last, narrow product of a classifier decides by little.
    private const long LeastInner = 16;
    private const long LeastColumns = 16;
    private const long LeastTableRows = 64;

    /// <summary>Brings a graph to 8 bits.</summary>
    /// <returns>For the model's nodes whose weights were rounded: the weights' energy over that of their rounding, in decibels.</returns>
    public static IReadOnlyDictionary<string, double> Run(ModelGraph graph)
    {
        var signalToNoise = new Dictionary<string, double>(StringComparer.Ordinal);
        var products = graph.Nodes.Where(IsWorthwhile).GroupBy(n => n.In(0)).ToList();
        var ranges = graph.WeightsUnknown ? new Dictionary<Value, float[]>() : ActivationRanges.Measure(graph, [.. products.Select(p => p.Key)]);
        var smooths = graph.WeightsUnknown && ActivationRanges.CanMeasure(graph);
        foreach (var ofOperand in products)
        {
            QuantizeProducts(graph, ofOperand.Key, [.. ofOperand], ranges.GetValueOrDefault(ofOperand.Key), smooths, signalToNoise);
        }

        foreach (var node in graph.Nodes.ToList())
        {
            switch (node.Operator)
            {
                case Gather { Axis: 0 } when IsTable(node.In(0)):
                    QuantizeTable(graph, node, new Gather(0));
                    break;
                case Slice { Axis: 0 } slice when IsTable(node.In(0)):
                    QuantizeTable(graph, node, slice);
                    break;
            }
        }

        graph.Tidy();
        GraphVerifier.Verify(graph, nameof(QuantizationStage));
        return signalToNoise;
    }

    private static bool IsWorthwhile(Node node) =>
        node.Operator is Linear && node.In(1).Shape is var shape && shape[0].Value is >= LeastInner and <= IntegerLinear.MaxRows && shape[1].Value >= LeastColumns;

    /// <summary>All products of one operand: it is quantised once.</summary>
    private static void QuantizeProducts(ModelGraph graph, Value x, Node[] products, float[]? maxima, bool smooths, Dictionary<string, double> signalToNoise)
    {
        var operand = RoundedOnly(graph, x, products);
        float[]? factors = null;
        if (smooths)
        {
            operand = graph.Add(x.Name, new Binary(BinaryKind.Mul), [operand, UnknownWeights.Vector(x.Name, x.Shape[-1].Value)], products[0].Origins);
        }

        if (maxima is not null)
        {
            factors = Smoothing.Factors(maxima, QuantizedWeights.RowMaxima([.. products.Select(p => p.In(1))]));
            operand = graph.Add(x.Name, new Binary(BinaryKind.Mul), [operand, Vector(x.Name, factors)], products[0].Origins);
        }

        var quantised = graph.AddNode([x.Name, "scale of " + x.Name], new QuantizeRows(), [operand], products[0].Origins);
        foreach (var product in products)
        {
            var decibels = Quantize(graph, product, quantised, factors);
            foreach (var origin in product.Origins.Where(_ => double.IsFinite(decibels)))
            {
                signalToNoise[origin] = decibels;
            }
        }
    }

    /// <summary>An activation that nothing but its rounding reads need not be more exact than that.</summary>
    private static Value RoundedOnly(ModelGraph graph, Value x, Node[] products) =>
        x.Producer is { Operator: Unary { Kind: UnaryKind.GeluErf } } gelu && !graph.IsOutput(x) && x.Users.All(products.Contains)
            ? graph.Add(x.Name, new Unary(UnaryKind.GeluErfCoarse), [gelu.In(0)], gelu.Origins)
            : x;

    private static double Quantize(ModelGraph graph, Node node, Node quantised, float[]? factors)
    {
        var name = node.Output.Name;
        var (weights, scales, signalToNoise) = RoundColumns(graph, node.In(1), factors);
        var sums = graph.Add(name, new IntegerLinear(), [quantised.Outputs[0], weights], node.Origins);
        var scaled = graph.Add(name, new Binary(BinaryKind.Mul), [sums, quantised.Outputs[1]], node.Origins);
        var result = graph.Add(name, new Binary(BinaryKind.Mul), [scaled, scales], node.Origins);
        if (node.Inputs.Count > 2 && node.Inputs[2] is { } bias)
        {
            result = graph.Add(name, new Binary(BinaryKind.Add), [result, bias], node.Origins);
        }

        graph.ReplaceUses(node.Output, result);
        return signalToNoise;
    }

    private static (Value Integers, Value Scales, double SignalToNoise) RoundColumns(ModelGraph graph, Value matrix, float[]? factors)
    {
        if (graph.WeightsUnknown)
        {
            var (integers, steps) = UnknownWeights.Of(matrix, axis: 1);
            return (integers, steps, double.NaN);
        }

        var (weights, scales, signalToNoise) = QuantizedWeights.OfColumns(matrix, factors);
        return (weights, Vector(weights.Name, scales), signalToNoise);
    }

    private static (Value Integers, TensorData Scales) RoundRows(ModelGraph graph, Value table)
    {
        if (graph.WeightsUnknown)
        {
            var (integers, steps) = UnknownWeights.Of(table, axis: 0);
            return (integers, steps.Constant!);
        }

        var (rows, scales) = QuantizedWeights.OfRows(table);
        return (rows, TensorData.FromFloats([scales.Length], scales));
    }

    private static void QuantizeTable(ModelGraph graph, Node node, Operator select)
    {
        var (table, scales) = RoundRows(graph, node.In(0));
        var column = ModelGraph.Constant("scales of " + table.Name, scales.Reshaped([scales.Count, 1]));
        var integers = graph.Add(node.Output.Name, select, [table, .. node.Inputs.Skip(1)], node.Origins);
        var scale = graph.Add(node.Output.Name, select, [column, .. node.Inputs.Skip(1)], node.Origins);
        var widened = graph.Add(node.Output.Name, new Cast(DataType.Float32), [integers], node.Origins);
        graph.ReplaceUses(node.Output, graph.Add(node.Output.Name, new Binary(BinaryKind.Mul), [widened, scale], node.Origins));
    }

    private static bool IsTable(Value value) =>
        value is { IsConstant: true, Type: DataType.Float32, Shape.Rank: 2 } && value.Shape[0].Value >= LeastTableRows && value.Shape[1].Value >= LeastInner;

    private static Value Vector(string name, float[] scales) => ModelGraph.Constant("scales of " + name, TensorData.FromFloats([scales.Length], scales));
}
