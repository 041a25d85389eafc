using CompiledBert.Compiler;
using CompiledBert.Compiler.Graph;

namespace CompiledBert.Search.Graphs;

/// <summary>Where a graph's weights come from. Names are those of the Hugging Face library; matrices are [in, out].</summary>
public interface IBertWeights
{
    /// <summary>Whether matrices have no elements.</summary>
    bool AreUnknown { get; }

    /// <summary>The elements of a weight.</summary>
    TensorData Of(string name, params long[] dims);
}

/// <summary>Weights at hand, by name.</summary>
/// <param name="weights">The weights; matrices [in, out].</param>
public sealed class KnownBertWeights(IReadOnlyDictionary<string, TensorData> weights) : IBertWeights
{
    /// <inheritdoc/>
    public bool AreUnknown => false;

    /// <inheritdoc/>
    public TensorData Of(string name, params long[] dims) =>
        weights.TryGetValue(name, out var data) && data.Dims.SequenceEqual(dims)
            ? data
            : throw new ArgumentException($"There is no weight {name} of [{string.Join(", ", dims)}].", nameof(name));
}

/// <summary>Weights of a model that is not trained yet: matrices nobody knows, vectors of numbers that are all different.</summary>
public sealed class UnknownBertWeights : IBertWeights
{
    private int _next;

    /// <inheritdoc/>
    public bool AreUnknown => true;

    /// <inheritdoc/>
    public TensorData Of(string name, params long[] dims)
    {
        if (dims.Length > 1)
        {
            return TensorData.Unknown(DataType.Float32, dims);
        }

        // Passes look at vectors: equal ones would be merged, zeros and ones left out.
        var values = new float[dims[0]];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = 2 + (++_next / 1e6f);
        }

        return TensorData.FromFloats(dims, values);
    }
}
