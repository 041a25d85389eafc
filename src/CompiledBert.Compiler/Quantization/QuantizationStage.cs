using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Quantization;

/// <summary>
/// Brings a canonical graph of floats to 8 bits: products take rows in whole numbers, tables of embeddings are kept in rows of whole numbers.
/// <code>
/// Linear(x, W, b)  → IntegerLinear(q, Wq)·s·sW + b    (q, s) = QuantizeRows(x), once for all products of x
///                                             x·v first, and W/v, where columns of x are of different sizes (<see cref="OperandFactors"/>)
/// Gather(E, ids)   → Cast(Gather(Eq, ids))·Gather(sE, ids)
/// </code>
/// </summary>
internal static class QuantizationStage
{
    // What is smaller gains nothing, and the last, narrow product of a classifier decides by little.
    private const long LeastInner = 16;
    private const long LeastColumns = 16;
    private const long LeastTableRows = 64;

    // Results with more error than a hundredth of their energy: ten times the noise that 8 bits make of usual operands and weights, and more.
    private const double LeastDecibels = 20;

    /// <summary>Brings a graph to 8 bits.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="calibration">What it is measured on; null for made-up ids.</param>
    /// <exception cref="CompileException">The graph cannot be run on the calibration's ids.</exception>
    public static QuantizationQuality Run(ModelGraph graph, Calibration? calibration = null)
    {
        var products = graph.Nodes.Where(IsWorthwhile).GroupBy(n => n.In(0)).ToList();
        var samples = graph.WeightsUnknown
            ? new Dictionary<Value, OperandSample>()
            : OperandSampling.Measure(graph, [.. products.Select(p => p.Key)], calibration);
        var factors = OperandFactors.Of(graph, products, samples, calibration);
        var weights = new RoundedWeights(graph.WeightsUnknown, products
            .Where(p => samples.ContainsKey(p.Key))
            .SelectMany(p => p.DistinctBy(product => product.In(1).Constant!.Identity),
                (p, product) => (Matrix: product.In(1).Constant!.Identity, Sample: samples[p.Key]))
            .ToLookup(use => use.Matrix, use => use.Sample));
        var quality = new QuantizationQuality();
        foreach (var ofOperand in products)
        {
            QuantizeProducts(graph, [.. ofOperand], factors.GetValueOrDefault(ofOperand.Key), weights, quality);
        }

        foreach (var node in graph.Nodes.ToList())
        {
            switch (node.Operator)
            {
                case Gather { Axis: 0 } when IsTable(node.In(0)):
                    QuantizeTable(graph, node, new Gather(0), weights);
                    break;
                case Slice { Axis: 0 } slice when IsTable(node.In(0)):
                    QuantizeTable(graph, node, slice, weights);
                    break;
            }
        }

        graph.Tidy();
        GraphVerifier.Verify(graph, nameof(QuantizationStage));
        return quality;
    }

    private static bool IsWorthwhile(Node node) =>
        node.Operator is Linear && node.In(1).Shape is var shape
            && shape[0].Value is >= LeastInner and <= IntegerLinear.MaxRows && shape[1].Value >= LeastColumns;

    /// <summary>All products of one operand, which is quantised once; but those whose results suffer too much, which stay in floats.</summary>
    private static void QuantizeProducts(ModelGraph graph, Node[] products, Value? factors, RoundedWeights weights, QuantizationQuality quality)
    {
        var rounded = products.ToDictionary(product => product, product => weights.OfColumns(product.In(1), factors));
        products = [.. products.Where(product =>
        {
            var isKept = rounded[product].Rounding?.OfResults < LeastDecibels;
            quality.Add(product.Origins, rounded[product].Rounding, isKept);
            return !isKept;
        })];
        if (products.Length == 0)
        {
            return;
        }

        // What they read now: a product in front of them may have been replaced.
        var x = products[0].In(0);
        var operand = RoundedOnly(graph, x, products);
        var origins = x.Producer?.Origins ?? products[0].Origins;
        if (factors is not null)
        {
            operand = graph.Add(x.Name, new Binary(BinaryKind.Mul), [operand, factors], origins);
        }

        var quantised = graph.AddNode([x.Name, "scale of " + x.Name], new QuantizeRows(), [operand], origins);
        foreach (var product in products)
        {
            Quantize(graph, product, quantised, rounded[product]);
        }
    }

    /// <summary>An activation that nothing but its rounding reads need not be more exact than that.</summary>
    private static Value RoundedOnly(ModelGraph graph, Value x, Node[] products) =>
        x.Producer is { Operator: Unary { Kind: UnaryKind.GeluErf } } gelu && !graph.IsOutput(x) && x.Users.All(products.Contains)
            ? graph.Add(x.Name, new Unary(UnaryKind.GeluErfCoarse), [gelu.In(0)], gelu.Origins)
            : x;

    private static void Quantize(ModelGraph graph, Node node, Node quantised, (Value Integers, Value Scales, MatrixRounding? Rounding) weights)
    {
        var name = node.Output.Name;

        // Of weights that nobody knows, by their number.
        var isSmall = weights.Rounding?.HasSmallSums
            ?? node.In(1).Shape[0].Value * QuantizedWeights.Largest * QuantizedWeights.Largest <= IntegerLinear.SmallSum;
        var sums = graph.Add(name, new IntegerLinear(isSmall), [quantised.Outputs[0], weights.Integers], node.Origins);
        var scaled = graph.Add(name, new Binary(BinaryKind.Mul), [sums, quantised.Outputs[1]], node.Origins);
        var result = graph.Add(name, new Binary(BinaryKind.Mul), [scaled, weights.Scales], node.Origins);
        if (node.Inputs.Count > 2 && node.Inputs[2] is { } bias)
        {
            result = graph.Add(name, new Binary(BinaryKind.Add), [result, bias], node.Origins);
        }

        graph.ReplaceUses(node.Output, result);
    }

    private static void QuantizeTable(ModelGraph graph, Node node, Operator select, RoundedWeights weights)
    {
        var (table, scales) = weights.OfRows(node.In(0));
        var column = ModelGraph.Constant("scales of " + table.Name, scales.Reshaped([scales.Count, 1]));
        var integers = graph.Add(node.Output.Name, select, [table, .. node.Inputs.Skip(1)], node.Origins);
        var scale = graph.Add(node.Output.Name, select, [column, .. node.Inputs.Skip(1)], node.Origins);
        var widened = graph.Add(node.Output.Name, new Cast(DataType.Float32), [integers], node.Origins);
        graph.ReplaceUses(node.Output, graph.Add(node.Output.Name, new Binary(BinaryKind.Mul), [widened, scale], node.Origins));
    }

    private static bool IsTable(Value value) =>
        value is { IsConstant: true, Type: DataType.Float32, Shape.Rank: 2 } && value.Shape[0].Value >= LeastTableRows && value.Shape[1].Value >= LeastInner;
}
