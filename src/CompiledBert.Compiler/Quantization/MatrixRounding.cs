using System.Runtime.CompilerServices;
using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Quantization;

/// <summary>What 8 bits make of a matrix.</summary>
/// <param name="Scales">One a column.</param>
/// <param name="OfWeights">Energy of the elements over that of their rounding, in decibels.</param>
/// <param name="OfResults">
/// Energy of products with the sampled rows over that of their error, operands rounded too, in decibels: of the operand that suffers most. Null where
/// nothing was sampled.
/// </param>
/// <param name="HasSmallSums">Whether products with whole numbers −127 … 127 have sums of at most <see cref="IntegerLinear.SmallSum"/> in size.</param>
internal sealed record MatrixRounding(float[] Scales, double OfWeights, double? OfResults, bool HasSmallSums)
{
    private const int Block = 16;

    /// <summary>Rounds a matrix [K, N] after each of its rows was divided by its factor.</summary>
    /// <param name="matrix">The matrix.</param>
    /// <param name="factors">One a row; null for none.</param>
    /// <param name="samples">Of the operands that it is multiplied with.</param>
    public static MatrixRounding Of(TensorData matrix, float[]? factors, IReadOnlyList<OperandSample> samples)
    {
        var (rows, columns) = ((int)matrix.Dims[0], (int)matrix.Dims[1]);
        var held = matrix.Hold();
        var scales = new float[columns];
        var rounded = samples.Select(sample => new RoundedRows(sample, factors)).ToList();
        var (signal, noise, heaviest) = (0.0, 0.0, 0.0);
        var (lines, block, whole) = (new float[Block * rows], new float[Block * rows], new float[rows]);
        for (var start = 0; start < columns; start += Block)
        {
            var width = Math.Min(Block, columns - start);
            matrix.Read(new MatrixPart(0, rows, start, width), lines.AsSpan(), Block);
            Turn(lines, width, factors, block, rows);
            for (var j = 0; j < width; j++)
            {
                var column = block.AsSpan(j * rows, rows);
                var scale = scales[start + j] = QuantizedWeights.ScaleOf(column);
                var (ofColumn, ofRounding, magnitude) = QuantizedWeights.Round(column, scale, whole);
                (signal, noise) = (signal + ofColumn, noise + ofRounding);
                heaviest = Math.Max(heaviest, magnitude);
                foreach (var sample in rounded)
                {
                    sample.Add(column, whole, scale);
                }
            }
        }

        GC.KeepAlive(held);

        // Written from the matrix again, a number half way between two may become the other one.
        var isSmall = (heaviest + rows) * QuantizedWeights.Largest <= IntegerLinear.SmallSum;
        return new MatrixRounding(
            scales, Decibels(signal, noise), rounded.Count == 0 ? null : rounded.Min(sample => Decibels(sample.Signal, sample.Noise)), isSmall);
    }

    /// <summary>Columns one after the other, each element divided by its row's factor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Turn(float[] lines, int width, float[]? factors, float[] block, int rows)
    {
        for (var i = 0; i < rows; i++)
        {
            var line = lines.AsSpan(i * Block, width);
            var factor = factors?[i] ?? 1;
            for (var j = 0; j < width; j++)
            {
                block[(j * rows) + i] = line[j] / factor;
            }
        }
    }

    private static double Decibels(double signal, double noise) => 10 * Math.Log10(signal / noise);
}
