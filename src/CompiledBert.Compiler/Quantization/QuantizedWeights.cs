using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
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

    // How much is read before it is looked at or rounded.
    private const int LinesAtOnce = 32;
    private const int ElementsAtOnce = 1 << 14;

    // The loops over all weights are compiled with all optimisations at once: a build's process is over before they would be again.

    /// <summary>The largest magnitude of each row of matrices that lie beside each other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float[] RowMaxima(IReadOnlyList<Value> matrices)
    {
        var maxima = new float[matrices[0].Shape[0].Value];
        foreach (var matrix in matrices.Select(m => m.Constant!))
        {
            var (columns, held) = ((int)matrix.Dims[1], matrix.Hold());
            var lines = new float[LinesAtOnce * columns];
            for (var first = 0; first < maxima.Length; first += LinesAtOnce)
            {
                var count = Math.Min(LinesAtOnce, maxima.Length - first);
                matrix.Read(new MatrixPart(first, count, 0, columns), lines.AsSpan(), columns);
                for (var row = 0; row < count; row++)
                {
                    foreach (var element in lines.AsSpan(row * columns, columns))
                    {
                        maxima[first + row] = MathF.Max(maxima[first + row], MathF.Abs(element));
                    }
                }
            }

            GC.KeepAlive(held);
        }

        return maxima;
    }

    /// <summary>A matrix [K, N] as integers in steps of each column's scale, after each of its rows was divided by its factor.</summary>
    public static Value Integers(Value matrix, float[]? factors, float[] scales) =>
        Derive(matrix.Name, matrix.Constant!, (source, row, column, whole) =>
        {
            var factor = factors?[row] ?? 1;
            for (var j = 0; j < source.Length; j++)
            {
                whole[j] = Whole(source[j] / (scales[column + j] * factor));
            }
        });

    /// <summary>A table [V, N] as integers and a scale for each of its rows.</summary>
    public static (Value Integers, float[] Scales) OfRows(Value table)
    {
        var (rows, columns) = ((int)table.Shape[0].Value, (int)table.Shape[1].Value);
        var scales = new float[rows];
        var (data, line) = (table.Constant!, new float[columns]);
        var held = data.Hold();
        for (var i = 0; i < rows; i++)
        {
            data.Read(new MatrixPart(i, 1, 0, columns), line.AsSpan(), columns);
            scales[i] = ScaleOf(line);
        }

        GC.KeepAlive(held);
        return (Derive(table.Name, data, (source, row, column, whole) =>
        {
            for (var j = 0; j < source.Length; j++)
            {
                whole[j] = Whole(source[j] / scales[row]);
            }
        }), scales);
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

    /// <summary>A column in whole numbers: its energy, that of what rounding it changes, and the sum of the whole numbers' sizes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (double Signal, double Noise, double Magnitude) Round(ReadOnlySpan<float> values, float scale, Span<float> whole)
    {
        var inverse = 1 / scale;
        var (signal, noise, magnitude) = (0.0, 0.0, 0.0);
        for (var i = 0; i < values.Length; i++)
        {
            whole[i] = Round(values[i] * inverse);
            var off = values[i] - (whole[i] * scale);
            signal += (double)values[i] * values[i];
            noise += (double)off * off;
            magnitude += Math.Abs(whole[i]);
        }

        return (signal, noise, magnitude);
    }

    /// <summary>The squared error, in eight parts on every machine, so that the same scale is chosen everywhere.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double ErrorOf(ReadOnlySpan<float> values, float scale)
    {
        var (inverse, most) = (1 / scale, Vector256.Create((float)Largest));
        var sums = Vector256<float>.Zero;
        var i = 0;
        for (; i <= values.Length - Vector256<float>.Count; i += Vector256<float>.Count)
        {
            var value = Vector256.Create(values[i..]);
            var off = value - (Vector256.Clamp(Vector256.Round(value * inverse), -most, most) * scale);
            sums += off * off;
        }

        double sum = Vector256.Sum(sums);
        for (; i < values.Length; i++)
        {
            var off = values[i] - (Round(values[i] * inverse) * scale);
            sum += off * off;
        }

        return sum;
    }

    private static float Round(float steps) => Math.Clamp(MathF.Round(steps), -Largest, Largest);

    private static sbyte Whole(float steps) => float.IsNaN(steps) ? (sbyte)0 : (sbyte)Round(steps);

    /// <summary>Whole numbers of a matrix, made row by row.</summary>
    internal static Value Derive(string name, TensorData data, RoundRow round) =>
        ModelGraph.Constant(name, TensorData.Derived<sbyte>(DataType.Int8, [.. data.Dims], [data], (part, to, stride) =>
        {
            var most = Math.Min(part.Rows, Math.Max(1, ElementsAtOnce / Math.Max(1, part.Columns)));
            var lines = ArrayPool<float>.Shared.Rent(most * part.Columns);
            for (var first = 0; first < part.Rows; first += most)
            {
                var count = Math.Min(most, part.Rows - first);
                data.Read(part with { Row = part.Row + first, Rows = count }, lines.AsSpan(), part.Columns);
                for (var row = 0; row < count; row++)
                {
                    round(lines.AsSpan(row * part.Columns, part.Columns), part.Row + first + row, part.Column, to.Slice((first + row) * stride, part.Columns));
                }
            }

            ArrayPool<float>.Shared.Return(lines);
        }));

    /// <summary>Rounds a part of a row that begins at a column.</summary>
    internal delegate void RoundRow(ReadOnlySpan<float> source, int row, int column, Span<sbyte> whole);
}
