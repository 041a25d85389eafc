using CompiledBert.Compiler.Graph;
using CompiledBert.Search.Graphs;
using CompiledBert.Search.Space;

namespace CompiledBert.Training.Learning;

/// <summary>Weights to begin with.</summary>
public static class Beginnings
{
    /// <summary>An encoder with a new classifier, and no more positions than are needed.</summary>
    /// <param name="read">The encoder; a classifier of as many labels stays.</param>
    /// <param name="labels">Labels.</param>
    /// <param name="maxTokens">The most tokens of a sequence.</param>
    /// <param name="pooling">How a new classifier pools.</param>
    /// <param name="seed">The seed of a new classifier.</param>
    public static (BertTask Task, Dictionary<string, TensorData> Weights) Classifier(ReadBert read, int labels, int maxTokens, Pooling pooling, int seed)
    {
        var weights = read.Weights.ToDictionary(w => w.Key, w => w.Value, StringComparer.Ordinal);
        var task = read.Task with { Positions = Math.Min(read.Task.Positions, maxTokens) };
        weights[WeightNames.Positions] = new WeightMatrix(weights[WeightNames.Positions]).Take([.. Enumerable.Range(0, task.Positions)], null).Data;
        if (read.Task.Labels != labels)
        {
            var made = Random(read.Shape, task with { Labels = labels }, seed);
            (weights[WeightNames.Classifier + ".weight"], weights[WeightNames.Classifier + ".bias"]) = (made[WeightNames.Classifier + ".weight"], made[WeightNames.Classifier + ".bias"]);
            task = task with { Labels = labels, Pooling = read.Task.Labels == 0 ? pooling : task.Pooling };
        }

        return (task, weights);
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
