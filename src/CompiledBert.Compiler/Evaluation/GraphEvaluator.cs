using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Evaluation;

/// <summary>
/// Computes a graph with plain scalar loops for concrete inputs. What constants are folded with, and what everything faster is tested against;
/// never part of a compiled model.
/// </summary>
public static class GraphEvaluator
{
    /// <summary>Computes the graph's outputs, by name. Symbols get their lengths from the inputs.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="inputs">Its inputs, by name.</param>
    /// <param name="observe">Is shown what each node makes, in the graph's order.</param>
    /// <exception cref="EvaluationException">An input is missing or its lengths do not fit; an index is out of range.</exception>
    public static IReadOnlyDictionary<string, Tensor> Run(ModelGraph graph, IReadOnlyDictionary<string, Tensor> inputs, Action<Value, Tensor>? observe = null)
    {
        var lengths = LengthsOf(graph, inputs);
        long LengthOf(Symbol symbol) => lengths.TryGetValue(symbol, out var length)
            ? length
            : throw new EvaluationException($"No input gives the length '{symbol}'.");

        var values = new Dictionary<Value, Tensor>();
        var uses = new Dictionary<Value, int>();
        foreach (var input in graph.Nodes.SelectMany(n => n.Inputs).OfType<Value>().Concat(graph.Outputs.Select(o => o.Value)))
        {
            uses[input] = uses.GetValueOrDefault(input) + 1;
        }

        foreach (var input in graph.Inputs)
        {
            values[input] = inputs[input.Name];
        }

        foreach (var node in graph.Nodes)
        {
            var results = InPlace(node, Read) ?? Evaluate(node, [.. node.Inputs.Select(i => i is null ? null : Read(i))], LengthOf);
            for (var i = 0; i < results.Count; i++)
            {
                values[node.Outputs[i]] = results[i];
                observe?.Invoke(node.Outputs[i], results[i]);
            }

            // Free what nothing reads any more, so that large models fit.
            foreach (var input in node.Inputs.OfType<Value>())
            {
                if (--uses[input] == 0)
                {
                    values.Remove(input);
                }
            }
        }

        return graph.Outputs.ToDictionary(o => o.Name, o => Read(o.Value), StringComparer.Ordinal);

        Tensor Read(Value value)
        {
            if (!values.TryGetValue(value, out var tensor))
            {
                tensor = values[value] = Tensor.Of(value.Constant ?? throw new InvalidOperationException($"{value} is used before it is made."));
            }

            return tensor;
        }
    }

    /// <summary>The results of a node that reads a large constant where it lies; null for others.</summary>
    private static IReadOnlyList<Tensor>? InPlace(Node node, Func<Value, Tensor> read) => node.Operator switch
    {
        Gather { Axis: 0 } when node.In(0).Constant is { Type: DataType.Float32, HasParts: true, Dims.Count: 2 } table =>
            [GatherEvaluation.Rows(table, read(node.In(1)))],
        Linear when node.In(1).Constant is { Type: DataType.Float32 } weights =>
            [ProductEvaluation.Linear(read(node.In(0)), weights, node.Inputs.Count > 2 && node.Inputs[2] is { } bias ? read(bias) : null)],
        _ => null,
    };

    private static IReadOnlyList<Tensor> Evaluate(Node node, Tensor?[] operands, Func<Symbol, long> lengthOf)
    {
        IReadOnlyList<Tensor> results;
        try
        {
            results = NodeEvaluation.Evaluate(node, operands, lengthOf);
        }
        catch (EvaluationException e)
        {
            throw new EvaluationException($"{node}: {e.Message}");
        }

        for (var i = 0; i < results.Count; i++)
        {
            // Shapes that inference promised and those that the loops made must agree: this checks both.
            var promised = node.Outputs[i].Shape.Select(d => d.Evaluate(lengthOf)).ToArray();
            if (!promised.AsSpan().SequenceEqual(results[i].Dims))
            {
                throw new EvaluationException($"{node} has shape [{string.Join(',', results[i].Dims)}], not [{string.Join(',', promised)}].");
            }
        }

        return results;
    }

    private static Dictionary<Symbol, long> LengthsOf(ModelGraph graph, IReadOnlyDictionary<string, Tensor> inputs)
    {
        var lengths = new Dictionary<Symbol, long>();
        foreach (var input in graph.Inputs)
        {
            if (!inputs.TryGetValue(input.Name, out var tensor))
            {
                throw new EvaluationException($"Input '{input.Name}' is missing.");
            }

            if (tensor.Rank != input.Shape.Rank || tensor.IsFloat != input.Type.IsFloat())
            {
                throw new EvaluationException($"Input {input} was given {tensor.Type}[{string.Join(',', tensor.Dims)}].");
            }

            for (var axis = 0; axis < tensor.Rank; axis++)
            {
                if (input.Shape[axis].AsSymbol is { } symbol)
                {
                    lengths.TryAdd(symbol, tensor.Dims[axis]);
                }
            }
        }

        foreach (var input in graph.Inputs)
        {
            for (var axis = 0; axis < input.Shape.Rank; axis++)
            {
                if (input.Shape[axis].Symbols.All(lengths.ContainsKey) && input.Shape[axis].Evaluate(s => lengths[s]) != inputs[input.Name].Dims[axis])
                {
                    throw new EvaluationException($"Input {input} was given lengths [{string.Join(',', inputs[input.Name].Dims)}].");
                }
            }
        }

        return lengths;
    }
}
