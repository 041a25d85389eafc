using CompiledBert.Compiler.Graph;
using CompiledBert.Search.Graphs;
using CompiledBert.Search.Space;

namespace CompiledBert.Training.Learning;

/// <summary>Weights to begin with.</summary>
public static class Beginnings
{
    /// <summary>A model with the head that it has, and no more positions than are needed.</summary>
    /// <param name="read">The model.</param>
    /// <param name="maxTokens">The most tokens of a sequence.</param>
    public static (BertTask Task, Dictionary<string, TensorData> Weights) AsItIs(ReadBert read, int maxTokens)
    {
        var weights = read.Weights.ToDictionary(w => w.Key, w => w.Value, StringComparer.Ordinal);
        var task = read.Task with { Positions = Math.Min(read.Task.Positions, maxTokens) };
        weights[WeightNames.Positions] = new WeightMatrix(weights[WeightNames.Positions]).Take([.. Enumerable.Range(0, task.Positions)], null).Data;
        return (task, weights);
    }

    /// <summary>
    /// An encoder with a new head, and no more positions than are needed. A head of the same kind for other results keeps what stands before its product.
    /// </summary>
    /// <param name="read">The encoder.</param>
    /// <param name="outputs">Results of the head.</param>
    /// <param name="maxTokens">The most tokens of a sequence.</param>
    /// <param name="pooling">What a head reads that is not of the kind that the encoder has.</param>
    /// <param name="seed">The seed of the head.</param>
    public static (BertTask Task, Dictionary<string, TensorData> Weights) WithNewHead(ReadBert read, int outputs, int maxTokens, Pooling pooling, int seed)
    {
        var (task, weights) = AsItIs(read, maxTokens);
        var isOfTheKind = task.Outputs > 0 && (task.Pooling == Pooling.None) == (pooling == Pooling.None);
        task = isOfTheKind ? task with { Outputs = outputs } : task with { Outputs = outputs, Pooling = pooling, HasPooler = false };
        var made = Random(read.Shape, task, seed);
        (weights[WeightNames.Classifier + ".weight"], weights[WeightNames.Classifier + ".bias"]) =
            (made[WeightNames.Classifier + ".weight"], made[WeightNames.Classifier + ".bias"]);
        return (task, weights.Where(w => made.ContainsKey(w.Key)).ToDictionary(w => w.Key, w => w.Value, StringComparer.Ordinal));
    }

    /// <summary>A model that knows nothing: matrices of a normal distribution of deviation 0.02, as BERT begins.</summary>
    public static Dictionary<string, TensorData> Random(BertShape shape, BertTask task, int seed)
    {
        var weights = new Drawn(new Random(seed));
        BertGraph.Of(shape, task, weights);
        return weights.Made;
    }

    private sealed class Drawn(Random random) : IBertWeights
    {
        public Dictionary<string, TensorData> Made { get; } = new(StringComparer.Ordinal);

        public bool AreUnknown => false;

        public TensorData Of(string name, params long[] dims)
        {
            var values = new float[dims.Aggregate(1L, (a, b) => a * b)];
            for (var i = 0; i < values.Length; i++)
            {
                // Box and Muller's way to a normal distribution.
                values[i] = dims.Length > 1 ? (float)(0.02 * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()))
                    : name.EndsWith("LayerNorm.weight", StringComparison.Ordinal) ? 1 : 0;
            }

            return Made[name] = TensorData.FromFloats(dims, values);
        }
    }
}
