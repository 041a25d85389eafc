using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Quantization;

/// <summary>
/// The whole numbers that a matrix of floats was stored as: column j is (Q + offset[j])·step[j], as a file's dequantisation and the factors that passes
/// folded in have left it. They are found again from the elements: whatever was done to whole columns has kept them.
/// </summary>
/// <param name="Integers">Q, of 8 bits and the matrix's shape.</param>
/// <param name="Steps">One a column.</param>
/// <param name="Offsets">Whole, one a column: 0 where the column's numbers fit in −128 … 127 as they are.</param>
internal sealed record StoredIntegers(Value Integers, float[] Steps, float[] Offsets)
{
    // Numbers of 8 bits differ by this much at most, and so does each from a zero point.
    private const int Widest = 255;

    // Of less rows floats may seem to have a step by chance.
    private const int LeastRows = 8;

    // A dequantised element was rounded once for its scale, and again for each factor folded in.
    private const float Rounding = 1f / (1 << 20);

    /// <summary>Whether every offset is 0.</summary>
    public bool IsCentred => Array.TrueForAll(Offsets, o => o == 0);

    /// <summary>Finds the whole numbers; null where a column has none.</summary>
    public static StoredIntegers? Of(Value matrix)
    {
        var data = matrix.Constant!;
        var (rows, columns) = ((int)matrix.Shape[0].Value, (int)matrix.Shape[1].Value);
        var source = data.As<float>();
        var column = new float[rows];
        var (steps, offsets) = (new float[columns], new float[columns]);
        for (var j = 0; j < columns; j++)
        {
            for (var i = 0; i < rows; i++)
            {
                column[i] = source[(i * columns) + j];
            }

            if (StepOf(column) is not { } step)
            {
                return null;
            }

            var (low, high) = (0, 0);
            foreach (var element in column)
            {
                var whole = (int)MathF.Round(element / step);
                (low, high) = (Math.Min(low, whole), Math.Max(high, whole));
            }

            if (high - low > Widest)
            {
                return null;
            }

            (steps[j], offsets[j]) = (step, high > sbyte.MaxValue ? high - sbyte.MaxValue : low < sbyte.MinValue ? low - sbyte.MinValue : 0);
        }

        return new StoredIntegers(Narrowed(matrix, steps, offsets), steps, offsets);
    }

    /// <summary>The largest number of which all elements are whole multiples up to 255; null where there is none.</summary>
    internal static float? StepOf(ReadOnlySpan<float> column)
    {
        var largest = 0f;
        var isWhole = true;
        foreach (var element in column)
        {
            largest = MathF.Max(largest, MathF.Abs(element));
            isWhole &= float.IsInteger(element);
        }

        if (largest == 0 || (isWhole && largest <= Widest))
        {
            return 1;
        }

        if (column.Length < LeastRows || !float.IsNormal(largest))
        {
            return null;
        }

        for (var multiple = 1; multiple <= Widest; multiple++)
        {
            if (AreMultiples(column, largest / multiple))
            {
                return Refined(column, largest / multiple);
            }
        }

        return null;
    }

    private static bool AreMultiples(ReadOnlySpan<float> column, float step)
    {
        foreach (var element in column)
        {
            var steps = element / step;
            var whole = MathF.Round(steps);
            if (!(MathF.Abs(steps - whole) <= MathF.Abs(whole) * Rounding))
            {
                return false;
            }
        }

        return float.IsNormal(step);
    }

    /// <summary>A step without the roundings of its multiples: powers of two have none, of others the mean has little.</summary>
    private static float Refined(ReadOnlySpan<float> column, float step)
    {
        var (sum, count) = (0.0, 0);
        foreach (var element in column)
        {
            var whole = (int)MathF.Abs(MathF.Round(element / step));
            if (int.IsPow2(whole))
            {
                return MathF.Abs(element) / whole;
            }

            if (whole != 0)
            {
                sum += Math.Abs((double)element / whole);
                count++;
            }
        }

        return (float)(sum / count);
    }

    private static Value Narrowed(Value matrix, float[] steps, float[] offsets) =>
        QuantizedWeights.Derive(matrix.Name, matrix.Constant!, (source, row, column, whole) =>
        {
            for (var j = 0; j < source.Length; j++)
            {
                whole[j] = (sbyte)(MathF.Round(source[j] / steps[column + j]) - offsets[column + j]);
            }
        });
}
