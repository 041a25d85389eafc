using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace CompiledBert.Compiler.Quantization;

/// <summary>Sampled rows of an operand, evened out and rounded as the compiled model does it, and what becomes of their products.</summary>
internal sealed class RoundedRows
{
    private readonly float[][] _rows;
    private readonly float[][] _whole;
    private readonly float[] _scales;

    public RoundedRows(OperandSample sample, float[]? factors)
    {
        _rows = new float[sample.Count][];
        _whole = new float[sample.Count][];
        _scales = new float[sample.Count];
        for (var r = 0; r < _rows.Length; r++)
        {
            var row = sample.Row(r).ToArray();
            for (var i = 0; i < row.Length; i++)
            {
                row[i] *= factors?[i] ?? 1;
            }

            var largest = row.Max(MathF.Abs);
            var inverse = largest > 1e-36f ? QuantizedWeights.Largest / largest : 0;
            _rows[r] = row;
            _whole[r] = [.. row.Select(x => MathF.Round(x * inverse))];
            _scales[r] = largest / QuantizedWeights.Largest;
        }
    }

    /// <summary>Energy of the exact products so far.</summary>
    public double Signal { get; private set; }

    /// <summary>Energy of what rounding changes them by.</summary>
    public double Noise { get; private set; }

    /// <summary>Multiplies all rows with a column of the weights, and with its whole numbers.</summary>
    public void Add(ReadOnlySpan<float> column, ReadOnlySpan<float> whole, float scale)
    {
        for (var r = 0; r < _rows.Length; r++)
        {
            double exact = Dot(_rows[r], column);
            var off = exact - ((double)Dot(_whole[r], whole) * _scales[r] * scale);
            Signal += exact * exact;
            Noise += off * off;
        }
    }

    /// <summary>A dot product in sixteen parts, whatever the machine's vectors are, so that the same is measured everywhere.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var (low, high) = (Vector256<float>.Zero, Vector256<float>.Zero);
        var i = 0;
        for (; i <= a.Length - 16; i += 16)
        {
            low += Vector256.Create(a[i..]) * Vector256.Create(b[i..]);
            high += Vector256.Create(a[(i + 8)..]) * Vector256.Create(b[(i + 8)..]);
        }

        var sum = Vector256.Sum(low + high);
        for (; i < a.Length; i++)
        {
            sum += a[i] * b[i];
        }

        return sum;
    }
}
