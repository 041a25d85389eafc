namespace CompiledBert.Compiler.Evaluation;

/// <summary>Softmax and the norms, in double precision, rounded once.</summary>
internal static class NormEvaluation
{
    public static Tensor Softmax(int axis, Tensor x)
    {
        var (outer, length, inner) = Positions.Split(x.Dims, axis);
        var result = new float[x.Count];
        var exponentials = new double[length];
        for (var line = 0; line < outer * inner; line++)
        {
            var start = (line / inner * length * inner) + (line % inner);
            var max = double.NegativeInfinity;
            for (var i = 0; i < length; i++)
            {
                max = Math.Max(max, x.Floats[start + (i * inner)]);
            }

            double sum = 0;
            for (var i = 0; i < length; i++)
            {
                sum += exponentials[i] = Math.Exp(x.Floats[start + (i * inner)] - max);
            }

            for (var i = 0; i < length; i++)
            {
                result[start + (i * inner)] = (float)(exponentials[i] / sum);
            }
        }

        return Tensor.Of(x.Type, x.Dims, result);
    }

    public static Tensor LayerNorm(float epsilon, Tensor x, Tensor scale, Tensor? bias)
    {
        var width = (int)x.Dims[^1];
        var result = new float[x.Count];
        for (var row = 0; row < x.Count; row += width)
        {
            double sum = 0, squares = 0;
            for (var i = 0; i < width; i++)
            {
                sum += x.Floats[row + i];
            }

            var mean = sum / width;
            for (var i = 0; i < width; i++)
            {
                squares += (x.Floats[row + i] - mean) * (x.Floats[row + i] - mean);
            }

            var inverse = 1 / Math.Sqrt((squares / width) + epsilon);
            for (var i = 0; i < width; i++)
            {
                result[row + i] = (float)(((x.Floats[row + i] - mean) * inverse * scale.Floats[i]) + (bias?.Floats[i] ?? 0));
            }
        }

        return Tensor.Of(x.Type, x.Dims, result);
    }

    public static Tensor RmsNorm(float epsilon, Tensor x, Tensor scale)
    {
        var width = (int)x.Dims[^1];
        var result = new float[x.Count];
        for (var row = 0; row < x.Count; row += width)
        {
            double squares = 0;
            for (var i = 0; i < width; i++)
            {
                squares += x.Floats[row + i] * (double)x.Floats[row + i];
            }

            var inverse = 1 / Math.Sqrt((squares / width) + epsilon);
            for (var i = 0; i < width; i++)
            {
                result[row + i] = (float)(x.Floats[row + i] * inverse * scale.Floats[i]);
            }
        }

        return Tensor.Of(x.Type, x.Dims, result);
    }
}
