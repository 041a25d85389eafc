using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Quantization;

/// <summary>What <see cref="QuantizedWeights"/> makes of weights, of weights that nobody knows: the same types and shapes.</summary>
internal static class UnknownWeights
{
    /// <summary>Whole numbers of a matrix or table, and a scale for each part of an axis: 1 for columns, 0 for rows.</summary>
    public static (Value Integers, Value Scales) Of(Value weights, int axis) => (
        ModelGraph.Constant(weights.Name, TensorData.Unknown(DataType.Int8, weights.Shape.ToConstants())),
        Vector(weights.Name, weights.Shape[axis].Value));

    /// <summary>Scales or factors.</summary>
    public static Value Vector(string name, long length) => ModelGraph.Constant("scales of " + name, TensorData.Unknown(DataType.Float32, length));
}
