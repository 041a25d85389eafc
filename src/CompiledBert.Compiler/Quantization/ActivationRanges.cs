using CompiledBert.Compiler.Evaluation;
using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Quantization;

/// <summary>
/// How large the columns of products' operands get: the graph is run on made-up token ids by the evaluator. Which columns are large is a property of the
/// weights, and shows on any text.
/// </summary>
internal static class ActivationRanges
{
    private const int Tokens = 24;

    // Beyond this many multiply-adds the evaluator's plain loops would take longer than all the rest.
    private const long MostWork = 6_000_000_000;

    /// <summary>Whether the graph can be run on made-up ids, and soon enough.</summary>
    public static bool CanMeasure(ModelGraph graph) =>
        graph.Nodes.Where(n => n.Operator is Linear).Sum(n => n.In(1).Shape.Elements.Value) * Tokens <= MostWork && graph.Inputs.All(i => i.Type.IsInteger());

    /// <summary>The largest magnitude of each column of some values; empty where the graph cannot be run on made-up ids.</summary>
    public static IReadOnlyDictionary<Value, float[]> Measure(ModelGraph graph, IReadOnlyCollection<Value> values)
    {
        if (values.Count == 0 || !CanMeasure(graph))
        {
            return new Dictionary<Value, float[]>();
        }

        var outputs = graph.Outputs.ToList();
        try
        {
            var watched = values.Select((value, index) => (Name: System.FormattableString.Invariant($"\0{index}"), Value: value)).ToList();
            graph.Outputs.Clear();
            graph.Outputs.AddRange(watched);
            var results = GraphEvaluator.Run(graph, graph.Inputs.ToDictionary(i => i.Name, i => MadeUp(graph, i), StringComparer.Ordinal));
            return watched.ToDictionary(w => w.Value, w => ColumnMaxima(results[w.Name]));
        }
        catch (EvaluationException)
        {
            return new Dictionary<Value, float[]>();
        }
        finally
        {
            graph.Outputs.Clear();
            graph.Outputs.AddRange(outputs);
        }
    }

    /// <summary>Ids within the table that they choose rows of; ones where they choose nothing, as in a mask, zeros of a table of a few rows, as of segments.</summary>
    private static Tensor MadeUp(ModelGraph graph, Value input)
    {
        var tokens = graph.Inputs.SelectMany(i => i.Shape.Skip(1)).Select(d => d.AsSymbol).FirstOrDefault(s => s is not null);
        long[] dims = [.. input.Shape.Select(dim => dim.Evaluate(symbol => symbol == tokens ? Tokens : 1))];
        var rows = graph.Nodes
            .Where(n => n.Operator is Gather { Axis: 0 } && n.In(0).IsConstant && ReferenceEquals(Source(n.In(1)), input))
            .Select(n => n.In(0).Shape[0].Value)
            .DefaultIfEmpty(0)
            .Min();
        var random = new Random(1);
        var values = new long[dims.Aggregate(1L, (product, dim) => product * dim)];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = rows == 0 ? 1 : rows < 16 ? 0 : random.NextInt64(rows);
        }

        return Tensor.Of(input.Type, dims, values);
    }

    private static Value Source(Value indices)
    {
        while (indices.Producer?.Operator is Cast or Reshape or Unary { Kind: UnaryKind.Identity })
        {
            indices = indices.Producer.In(0);
        }

        return indices;
    }

    private static float[] ColumnMaxima(Tensor tensor)
    {
        var maxima = new float[tensor.Dims[^1]];
        for (var i = 0; i < tensor.Floats.Length; i++)
        {
            maxima[i % maxima.Length] = MathF.Max(maxima[i % maxima.Length], MathF.Abs(tensor.Floats[i]));
        }

        return maxima;
    }
}
