using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Quantization;

/// <summary>Weights in whole numbers, each made once however many nodes use it.</summary>
/// <param name="areUnknown">Whether nobody knows the weights.</param>
/// <param name="samplesOf">What was seen of the operands that a matrix is multiplied with, by the matrix's identity.</param>
internal sealed class RoundedWeights(bool areUnknown, ILookup<object, OperandSample> samplesOf)
{
    private readonly Dictionary<object, (Value Integers, Value Scales, MatrixRounding? Rounding)> _matrices = [];
    private readonly Dictionary<object, (Value Integers, TensorData Scales)> _tables = [];

    /// <summary>
    /// A matrix in whole numbers with a scale for each column, after its rows were divided by <paramref name="factors"/>, which are the same for all
    /// uses of it; and what came of that where the weights are known.
    /// </summary>
    public (Value Integers, Value Scales, MatrixRounding? Rounding) OfColumns(Value matrix, Value? factors)
    {
        var key = matrix.Constant!.Identity;
        return _matrices.TryGetValue(key, out var rounded) ? rounded : _matrices[key] = Round(matrix, factors);
    }

    /// <summary>A table in whole numbers with a scale for each row.</summary>
    public (Value Integers, TensorData Scales) OfRows(Value table)
    {
        var key = table.Constant!.Identity;
        return _tables.TryGetValue(key, out var rounded) ? rounded : _tables[key] = Round(table);
    }

    private (Value Integers, Value Scales, MatrixRounding? Rounding) Round(Value matrix, Value? factors)
    {
        if (areUnknown)
        {
            var (unknown, steps) = UnknownWeights.Of(matrix, axis: 1);
            return (unknown, steps, null);
        }

        var known = factors?.Constant!.As<float>().ToArray();
        var rounding = MatrixRounding.Of(matrix.Constant!, known, [.. samplesOf[matrix.Constant!.Identity]]);
        var scales = ModelGraph.Constant("scales of " + matrix.Name, TensorData.FromFloats([rounding.Scales.Length], rounding.Scales));
        return (QuantizedWeights.Integers(matrix, known, rounding.Scales), scales, rounding);
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
