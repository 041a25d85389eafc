namespace CompiledBert.Compiler.Evaluation;

/// <summary>Rows in whole numbers, and their exact products.</summary>
internal static class QuantizedEvaluation
{
    public static IReadOnlyList<Tensor> QuantizeRows(Tensor x)
    {
        var width = (int)x.Dims[^1];
        var rows = width == 0 ? 0 : x.Count / width;
        var (quantised, scales) = (new long[x.Count], new float[rows]);
        for (var row = 0; row < rows; row++)
        {
            var elements = x.Floats.AsSpan(row * width, width);
            var largest = 0f;
            foreach (var element in elements)
            {
                largest = MathF.Max(largest, MathF.Abs(element));
            }

            scales[row] = largest / 127;
            var inverse = largest > 1e-36f ? 127 / largest : 0;
            for (var i = 0; i < width; i++)
            {
                var whole = MathF.Round(elements[i] * inverse);
                quantised[(row * width) + i] = float.IsNaN(whole) ? 0 : (long)whole;
            }
        }

        return [Tensor.Of(DataType.Int8, [.. x.Dims], quantised), Tensor.Of([.. x.Dims[..^1], 1], scales)];
    }

    public static Tensor IntegerLinear(Tensor x, Tensor weights, Tensor? shift)
    {
        var (k, n) = ((int)weights.Dims[0], (int)weights.Dims[1]);
        var by = shift?.Integers[0] ?? 0;
        var result = new float[x.Count / Math.Max(k, 1) * n];
        var sums = new long[n];
        for (var row = 0; row * n < result.Length; row++)
        {
            Array.Clear(sums);
            for (var i = 0; i < k; i++)
            {
                var element = x.Integers[(row * k) + i] + by;
                for (var j = 0; j < n; j++)
                {
                    sums[j] += element * weights.Integers[(i * n) + j];
                }
            }

            for (var j = 0; j < n; j++)
            {
                result[(row * n) + j] = sums[j];
            }
        }

        return Tensor.Of([.. x.Dims[..^1], n], result);
    }
}
