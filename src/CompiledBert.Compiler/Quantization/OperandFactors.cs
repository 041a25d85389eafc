using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Quantization;

/// <summary>
/// The factors that columns of products' operands are evened out by (<see cref="Smoothing"/>). Operands whose products share weights, as all layers of ALBERT
/// do, have common factors: with factors of their own each would need whole numbers of its own.
/// </summary>
internal static class OperandFactors
{
    /// <summary>A vector of factors for each operand; none where its columns cannot be measured.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="products">The products by operand.</param>
    /// <param name="samples">What was seen of the operands; empty where the graph cannot be run, or nobody knows its weights.</param>
    /// <param name="calibration">What the graph is, or would be, run on; null for made-up ids.</param>
    public static IReadOnlyDictionary<Value, Value> Of(
        ModelGraph graph, IReadOnlyList<IGrouping<Value, Node>> products, IReadOnlyDictionary<Value, OperandSample> samples, Calibration? calibration)
    {
        var factors = new Dictionary<Value, Value>();
        if (graph.WeightsUnknown ? !OperandSampling.CanMeasure(graph, calibration) : samples.Count == 0)
        {
            return factors;
        }

        foreach (var sharing in BySharedWeights(products))
        {
            var operand = sharing[0].Key;
            var vector = graph.WeightsUnknown ? UnknownWeights.Vector(operand.Name, operand.Shape[-1].Value) : Known(sharing, samples);
            foreach (var group in sharing)
            {
                factors.Add(group.Key, vector);
            }
        }

        return factors;
    }

    private static Value Known(List<IGrouping<Value, Node>> sharing, IReadOnlyDictionary<Value, OperandSample> samples)
    {
        var columns = sharing.Select(group => samples[group.Key].Maxima).Aggregate((a, b) => [.. a.Zip(b, MathF.Max)]);
        var matrices = sharing.SelectMany(group => group).Select(product => product.In(1)).DistinctBy(matrix => matrix.Constant!.Identity).ToList();
        var factors = Smoothing.Factors(columns, QuantizedWeights.RowMaxima(matrices));
        return ModelGraph.Constant("factors of " + sharing[0].Key.Name, TensorData.FromFloats([factors.Length], factors));
    }

    /// <summary>Operands in sets of which each shares weights with another of its set, in the graph's order.</summary>
    private static List<List<IGrouping<Value, Node>>> BySharedWeights(IReadOnlyList<IGrouping<Value, Node>> products)
    {
        var sets = new List<(List<IGrouping<Value, Node>> Groups, HashSet<object> Weights)>();
        foreach (var group in products)
        {
            var weights = group.Select(product => product.In(1).Constant!.Identity).ToHashSet();
            var sharing = sets.Where(set => set.Weights.Overlaps(weights)).ToList();
            if (sharing.Count == 0)
            {
                sets.Add(([group], weights));
                continue;
            }

            sharing[0].Groups.Add(group);
            sharing[0].Weights.UnionWith(weights);
            foreach (var other in sharing.Skip(1))
            {
                sharing[0].Groups.AddRange(other.Groups);
                sharing[0].Weights.UnionWith(other.Weights);
                sets.Remove(other);
            }
        }

        return sets.ConvertAll(set => set.Groups);
    }
}
