using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;
using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Evaluation;

/// <summary>Matrix products and convolution; dot products of floats are accumulated in double precision.</summary>
internal static class ProductEvaluation
{
    private const int RowsAtOnce = 4;
    private const int ColumnsAtOnce = 64;

    public static Tensor MatMul(Tensor a, Tensor b)
    {
        var (m, k, n) = ((int)a.Dims[^2], (int)a.Dims[^1], (int)b.Dims[^1]);
        var batch = Positions.BroadcastDims(a.Dims[..^2], b.Dims[..^2]);
        var fromA = Positions.Broadcast(a.Dims[..^2], batch);
        var fromB = Positions.Broadcast(b.Dims[..^2], batch);
        long[] dims = [.. batch, m, n];
        Array result = a.IsFloat ? new float[fromA.Length * m * n] : new long[fromA.Length * m * n];
        for (var i = 0; i < fromA.Length; i++)
        {
            var (atA, atB, atC) = (fromA[i] * m * k, fromB[i] * k * n, i * m * n);
            if (result is float[] floats)
            {
                Multiply(a.Floats.AsSpan(atA, m * k), b.Floats.AsSpan(atB, k * n), floats.AsSpan(atC, m * n), k, n, m, n);
            }
            else
            {
                Multiply(a.Integers.AsSpan(atA, m * k), b.Integers.AsSpan(atB, k * n), ((long[])result).AsSpan(atC, m * n), k, n);
            }
        }

        return Tensor.Of(a.Type, dims, result);
    }

    public static Tensor Linear(Tensor x, Tensor weights, Tensor? bias) => Linear(x, weights.ToData(), bias);

    /// <summary>A product with weights where they lie.</summary>
    public static Tensor Linear(Tensor x, TensorData weights, Tensor? bias)
    {
        var (k, n) = ((int)weights.Dims[0], (int)weights.Dims[1]);
        var (rows, result, held) = (x.Count / Math.Max(k, 1), new float[x.Count / Math.Max(k, 1) * n], weights.Hold());

        // Columns are independent: processors share them.
        Parallel.For(0, (n + ColumnsAtOnce - 1) / ColumnsAtOnce, panel =>
        {
            var start = panel * ColumnsAtOnce;
            var width = Math.Min(ColumnsAtOnce, n - start);
            var columns = ArrayPool<float>.Shared.Rent(k * width);
            weights.Read(new MatrixPart(0, k, start, width), columns.AsSpan(), width);
            Multiply(x.Floats.AsSpan(0, rows * k), columns.AsSpan(0, k * width), result.AsSpan(start), k, width, rows, n);
            ArrayPool<float>.Shared.Return(columns);
        });
        GC.KeepAlive(held);
        for (var i = 0; bias is not null && i < result.Length; i++)
        {
            result[i] += bias.Floats[i % n];
        }

        return Tensor.Of([.. x.Dims[..^1], n], result);
    }

    public static Tensor Conv1d(int groups, int stride, int dilation, int padBefore, int padAfter, Tensor x, Tensor w, Tensor? bias)
    {
        var (batch, length) = ((int)x.Dims[0], (int)x.Dims[2]);
        var (channels, depth, taps) = ((int)w.Dims[0], (int)w.Dims[1], (int)w.Dims[2]);
        var span = (dilation * (taps - 1)) + 1;
        var outLength = ((length + padBefore + padAfter - span) / stride) + 1;
        var result = new float[batch * channels * outLength];
        for (var at = 0; at < result.Length; at++)
        {
            var (b, c, position) = (at / outLength / channels, at / outLength % channels, at % outLength);
            var first = c / (channels / groups) * depth;
            double sum = bias?.Floats[c] ?? 0;
            for (var d = 0; d < depth; d++)
            {
                for (var t = 0; t < taps; t++)
                {
                    var from = (position * stride) - padBefore + (t * dilation);
                    if (from >= 0 && from < length)
                    {
                        sum += x.Floats[(((b * (int)x.Dims[1]) + first + d) * length) + from] * (double)w.Floats[(((c * depth) + d) * taps) + t];
                    }
                }
            }

            result[at] = (float)sum;
        }

        return Tensor.Of([batch, channels, outLength], result);
    }

    /// <summary>
    /// Sums along k in order, some rows at a time: the elements of b are widened once for all of them. Rows of c are <paramref name="stride"/> apart.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> c, int k, int n, int rows, int stride)
    {
        var sums = new double[RowsAtOnce * n];
        for (var first = 0; first < rows; first += RowsAtOnce)
        {
            var height = Math.Min(RowsAtOnce, rows - first);
            Array.Clear(sums);
            for (var i = 0; i < k; i++)
            {
                AddProducts(a[((first * k) + i)..], k, b.Slice(i * n, n), sums, height);
            }

            for (var j = 0; j < height * n; j++)
            {
                c[((first + (j / n)) * stride) + (j % n)] = (float)sums[j];
            }
        }
    }

    /// <summary>sums[r] += a[r]·line for the rows r, whose elements in a are <paramref name="stride"/> apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddProducts(ReadOnlySpan<float> a, int stride, ReadOnlySpan<float> line, Span<double> sums, int height)
    {
        var j = 0;
        for (; j <= line.Length - Vector<float>.Count; j += Vector<float>.Count)
        {
            Vector.Widen(new Vector<float>(line[j..]), out var low, out var high);
            for (var row = 0; row < height; row++)
            {
                var x = new Vector<double>(a[row * stride]);
                var at = sums[((row * line.Length) + j)..];
                (new Vector<double>(at) + (x * low)).CopyTo(at);
                at = at[Vector<double>.Count..];
                (new Vector<double>(at) + (x * high)).CopyTo(at);
            }
        }

        for (; j < line.Length; j++)
        {
            for (var row = 0; row < height; row++)
            {
                sums[(row * line.Length) + j] += (double)a[row * stride] * line[j];
            }
        }
    }

    private static void Multiply(ReadOnlySpan<long> a, ReadOnlySpan<long> b, Span<long> c, int k, int n)
    {
        for (var at = 0; at < c.Length; at++)
        {
            for (var i = 0; i < k; i++)
            {
                c[at] += a[(at / n * k) + i] * b[(i * n) + (at % n)];
            }
        }
    }
}
