namespace CompiledBert.Compiler.Quantization;

/// <summary>What 8 bits made of a model, by the names of its nodes; empty where nothing was rounded, or nobody knows the weights.</summary>
public sealed class QuantizationQuality
{
    private readonly Dictionary<string, double> _weights = new(StringComparer.Ordinal);
    private readonly Dictionary<string, double> _results = new(StringComparer.Ordinal);

    /// <summary>Energy of the weights over that of their rounding, in decibels, for nodes whose weights were rounded.</summary>
    public IReadOnlyDictionary<string, double> Weights => _weights;

    /// <summary>
    /// Energy of the products' results over that of their error, in decibels, measured on a calibration's ids or on made-up
    /// ones; for nodes that were kept in floats too.
    /// </summary>
    public IReadOnlyDictionary<string, double> Results => _results;

    /// <summary>How many products were kept in floats because their results would have suffered too much.</summary>
    public int Kept { get; private set; }

    /// <summary>Notes what came of a product.</summary>
    internal void Add(IReadOnlyList<string> origins, MatrixRounding? rounding, bool isKept)
    {
        Kept += isKept ? 1 : 0;
        foreach (var origin in origins)
        {
            if (!isKept && rounding is { OfWeights: var weights } && double.IsFinite(weights))
            {
                _weights[origin] = weights;
            }

            if (rounding is { OfResults: { } results } && double.IsFinite(results))
            {
                _results[origin] = results;
            }
        }
    }
}
