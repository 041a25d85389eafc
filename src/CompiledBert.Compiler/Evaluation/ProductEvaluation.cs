namespace CompiledBert.Compiler.Evaluation;

/// <summary>Matrix products and convolution; dot products of floats are accumulated in double precision.</summary>
internal static class ProductEvaluation
{
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
                Multiply(a.Floats.AsSpan(atA, m * k), b.Floats.AsSpan(atB, k * n), floats.AsSpan(atC, m * n), k, n);
            }
            else
            {
                Multiply(a.Integers.AsSpan(atA, m * k), b.Integers.AsSpan(atB, k * n), ((long[])result).AsSpan(atC, m * n), k, n);
            }
        }

        return Tensor.Of(a.Type, dims, result);
    }

    public static Tensor Linear(Tensor x, Tensor weights, Tensor? bias)
    {
        var (k, n) = ((int)weights.Dims[0], (int)weights.Dims[1]);
        var result = new float[x.Count / Math.Max(k, 1) * n];
        Multiply(x.Floats, weights.Floats, result, k, n);
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

    private static void Multiply(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> c, int k, int n)
    {
        var sums = new double[n];
        for (var row = 0; row * n < c.Length; row++)
        {
            Array.Clear(sums);
            for (var i = 0; i < k; i++)
            {
                double x = a[(row * k) + i];
                var line = b.Slice(i * n, n);
                for (var j = 0; j < line.Length; j++)
                {
                    sums[j] += x * line[j];
                }
            }

            for (var j = 0; j < n; j++)
            {
                c[(row * n) + j] = (float)sums[j];
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
