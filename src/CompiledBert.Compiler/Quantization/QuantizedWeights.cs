using System.Runtime.InteropServices;
using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Quantization;

/// <summary>
/// Weights in whole numbers −127 … 127 with a scale for each column (products) or each row (tables), chosen so that the squared error is least:
/// a few elements cut off may cost less than coarse steps for all. The whole numbers are derived when they are written; only the scales are held.
/// </summary>
internal static class QuantizedWeights
{
    /// <summary>The largest whole number.</summary>
    public const int Largest = 127;

    // Shares of the largest magnitude that the scale may stand for.
    private static readonly float[] Shares = [1, 0.97f, 0.94f, 0.91f, 0.88f, 0.85f, 0.82f, 0.79f, 0.76f, 0.73f, 0.7f];

    /// <summary>The largest magnitude of each row of matrices that lie beside each other.</summary>
    public static float[] RowMaxima(IReadOnlyList<Value> matrices)
    {
        var maxima = new float[matrices[0].Shape[0].Value];
        foreach (var matrix in matrices)
        {
            var source = matrix.Constant!.As<float>();
            var columns = (int)matrix.Shape[1].Value;
            for (var i = 0; i < source.Length; i++)
            {
                maxima[i / columns] = MathF.Max(maxima[i / columns], MathF.Abs(source[i]));
            }
        }

        return maxima;
    }

    /// <summary>
    /// A matrix [K, N] as integers and a scale for each of its columns, after each of its rows was divided by its factor; and the energy of its elements
    /// over that of their rounding, in decibels.
    /// </summary>
    public static (Value Integers, float[] Scales, double SignalToNoise) OfColumns(Value matrix, float[]? factors)
    {
        var (rows, columns) = ((int)matrix.Shape[0].Value, (int)matrix.Shape[1].Value);
        var scales = new float[columns];
        var data = matrix.Constant!;
        var source = data.As<float>();
        var column = new float[rows];
        var (signal, noise) = (0.0, 0.0);
        for (var j = 0; j < columns; j++)
        {
            for (var i = 0; i < rows; i++)
            {
                column[i] = source[(i * columns) + j] / (factors?[i] ?? 1);
            }

            scales[j] = ScaleOf(column);
            signal += EnergyOf(column);
            noise += ErrorOf(column, scales[j]);
        }

        return (Derive(matrix.Name, data, position => scales[position % columns] * (factors?[position / columns] ?? 1)), scales, 10 * Math.Log10(signal / noise));
    }

    /// <summary>A table [V, N] as integers and a scale for each of its rows.</summary>
    public static (Value Integers, float[] Scales) OfRows(Value table)
    {
        var (rows, columns) = ((int)table.Shape[0].Value, (int)table.Shape[1].Value);
        var scales = new float[rows];
        var data = table.Constant!;
        var source = data.As<float>();
        for (var i = 0; i < rows; i++)
        {
            scales[i] = ScaleOf(source.Slice(i * columns, columns));
        }

        return (Derive(table.Name, data, position => scales[position / columns]), scales);
    }

    /// <summary>The scale with the least squared error; 1 for zeros and for what is not finite.</summary>
    public static float ScaleOf(ReadOnlySpan<float> values)
    {
        var largest = 0f;
        foreach (var value in values)
        {
            largest = MathF.Max(largest, MathF.Abs(value));
        }

        if (!float.IsFinite(largest) || largest < 1e-30f)
        {
            return 1;
        }

        var (best, least) = (0f, double.PositiveInfinity);
        foreach (var share in Shares)
        {
            var scale = largest * share / Largest;
            var error = ErrorOf(values, scale);
            if (error < least)
            {
                (best, least) = (scale, error);
            }
        }

        return best;
    }

    private static double ErrorOf(ReadOnlySpan<float> values, float scale)
    {
        var inverse = 1 / scale;
        var sum = 0.0;
        foreach (var value in values)
        {
            var off = value - (Round(value * inverse) * scale);
            sum += off * off;
        }

        return sum;
    }

    private static double EnergyOf(ReadOnlySpan<float> values)
    {
        var sum = 0.0;
        foreach (var value in values)
        {
            sum += (double)value * value;
        }

        return sum;
    }

    private static float Round(float steps) => Math.Clamp(MathF.Round(steps), -Largest, Largest);

    private static Value Derive(string name, TensorData data, Func<int, float> scaleOf) =>
        ModelGraph.Constant(name, TensorData.Derived(DataType.Int8, [.. data.Dims], () =>
        {
            var source = data.As<float>();
            var bytes = new byte[source.Length];
            var result = MemoryMarshal.Cast<byte, sbyte>(bytes.AsSpan());
            for (var i = 0; i < result.Length; i++)
            {
                var steps = Round(source[i] / scaleOf(i));
                result[i] = float.IsNaN(steps) ? (sbyte)0 : (sbyte)steps;
            }

            return bytes;
        }));
}
