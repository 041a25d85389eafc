using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Quantization;

/// <summary>
/// Brings a canonical graph of floats to 8 bits: products take rows in whole numbers, tables of embeddings are kept in rows of whole numbers.
/// <code>
/// Linear(x, W, b)  → IntegerLinear(q, Wq)·s·sW + b    (q, s) = QuantizeRows(x), once for all products of x
/// Gather(E, ids)   → Cast(Gather(Eq, ids))·Gather(sE, ids)
/// </code>
/// </summary>
internal static class QuantizationStage
{
    // What is smaller gains nothing, and the last, narrow product of a classifier decides by little.
    private const long LeastInner = 16;
    private const long LeastColumns = 16;
    private const long LeastTableRows = 64;

    public static void Run(ModelGraph graph)
    {
        var rows = new Dictionary<Value, Node>();
        foreach (var node in graph.Nodes.ToList())
        {
            switch (node.Operator)
            {
                case Linear when node.In(1) is { IsConstant: true, Shape: var shape } && shape[0].Value is >= LeastInner and <= IntegerLinear.MaxRows && shape[1].Value >= LeastColumns:
                    QuantizeLinear(graph, node, rows);
                    break;
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
    }

    private static void QuantizeLinear(ModelGraph graph, Node node, Dictionary<Value, Node> rows)
    {
        var name = node.Output.Name;
        if (!rows.TryGetValue(node.In(0), out var quantised))
        {
            quantised = rows[node.In(0)] = graph.AddNode([node.In(0).Name, "scale of " + node.In(0).Name], new QuantizeRows(), [node.In(0)], node.Origins);
        }

        var (weights, scales) = QuantizedWeights.OfColumns(node.In(1));
        var sums = graph.Add(name, new IntegerLinear(), [quantised.Outputs[0], weights], node.Origins);
        var scaled = graph.Add(name, new Binary(BinaryKind.Mul), [sums, quantised.Outputs[1]], node.Origins);
        var result = graph.Add(name, new Binary(BinaryKind.Mul), [scaled, Vector(weights.Name, scales)], node.Origins);
        if (node.Inputs.Count > 2 && node.Inputs[2] is { } bias)
        {
            result = graph.Add(name, new Binary(BinaryKind.Add), [result, bias], node.Origins);
        }

        graph.ReplaceUses(node.Output, result);
    }

    private static void QuantizeTable(ModelGraph graph, Node node, Operator select)
    {
        var (table, scales) = QuantizedWeights.OfRows(node.In(0));
        var column = ModelGraph.Constant("scales of " + table.Name, TensorData.FromFloats([scales.Length, 1], scales));
        var integers = graph.Add(node.Output.Name, select, [table, .. node.Inputs.Skip(1)], node.Origins);
        var scale = graph.Add(node.Output.Name, select, [column, .. node.Inputs.Skip(1)], node.Origins);
        var widened = graph.Add(node.Output.Name, new Cast(DataType.Float32), [integers], node.Origins);
        graph.ReplaceUses(node.Output, graph.Add(node.Output.Name, new Binary(BinaryKind.Mul), [widened, scale], node.Origins));
    }

    private static bool IsTable(Value value) =>
        value is { IsConstant: true, Type: DataType.Float32, Shape.Rank: 2 } && value.Shape[0].Value >= LeastTableRows && value.Shape[1].Value >= LeastInner;

    private static Value Vector(string name, float[] scales) => ModelGraph.Constant("scales of " + name, TensorData.FromFloats([scales.Length], scales));
}
