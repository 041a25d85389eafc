using CompiledBert.Compiler;
using CompiledBert.Compiler.Graph;
using CompiledBert.Search.Graphs;

namespace CompiledBert.Search.Tests.Graphs;

/// <summary>Weights by chance, the same for the same name.</summary>
internal sealed class MadeUpWeights : IBertWeights
{
    public Dictionary<string, TensorData> Made { get; } = new(StringComparer.Ordinal);

    public bool AreUnknown => false;

    public TensorData Of(string name, params long[] dims)
    {
        var random = new Random(name.Aggregate(17, (hash, c) => unchecked((hash * 31) + c)));
        var centre = name.EndsWith("LayerNorm.weight", StringComparison.Ordinal) ? 1f : 0f;
        var values = new float[dims.Aggregate(1L, (a, b) => a * b)];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = centre + (((float)random.NextDouble() - 0.5f) * 0.6f);
        }

        return Made[name] = TensorData.FromFloats(dims, values);
    }
}
