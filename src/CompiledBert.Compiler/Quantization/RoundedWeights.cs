using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Quantization;

/// <summary>Weights in whole numbers, each made once however many nodes use it.</summary>
internal sealed class RoundedWeights(bool areUnknown)
{
    private readonly Dictionary<(object Weights, object? Factors), (Value Integers, Value Scales, double SignalToNoise)> _matrices = [];
    private readonly Dictionary<object, (Value Integers, TensorData Scales)> _tables = [];

    /// <summary>
    /// A matrix in whole numbers with a scale for each column, after its rows were divided by <paramref name="factors"/>; and the energy of its elements over
    /// that of their rounding, in decibels, not a number where nobody knows them.
    /// </summary>
    public (Value Integers, Value Scales, double SignalToNoise) OfColumns(Value matrix, Value? factors)
    {
        var key = (matrix.Constant!.Identity, factors?.Constant!.Identity);
        return _matrices.TryGetValue(key, out var rounded) ? rounded : _matrices[key] = Round(matrix, factors);
    }

    /// <summary>A table in whole numbers with a scale for each row.</summary>
    public (Value Integers, TensorData Scales) OfRows(Value table)
    {
        var key = table.Constant!.Identity;
        return _tables.TryGetValue(key, out var rounded) ? rounded : _tables[key] = Round(table);
    }

    private (Value Integers, Value Scales, double SignalToNoise) Round(Value matrix, Value? factors)
    {
        if (areUnknown)
        {
            var (unknown, steps) = UnknownWeights.Of(matrix, axis: 1);
            return (unknown, steps, double.NaN);
        }

        var (integers, scales, signalToNoise) = QuantizedWeights.OfColumns(matrix, factors?.Constant!.As<float>().ToArray());
        return (integers, ModelGraph.Constant("scales of " + matrix.Name, TensorData.FromFloats([scales.Length], scales)), signalToNoise);
    }

    private (Value Integers, TensorData Scales) Round(Value table)
    {
        if (areUnknown)
        {
            var (unknown, steps) = UnknownWeights.Of(table, axis: 0);
            return (unknown, steps.Constant!);
        }

        var (integers, scales) = QuantizedWeights.OfRows(table);
        return (integers, TensorData.FromFloats([scales.Length], scales));
    }
}
