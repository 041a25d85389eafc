using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Evaluation;

/// <summary>Operators that combine the elements along axes. Sums of floats are made in double precision and rounded once.</summary>
internal static class ReductionEvaluation
{
    public static Tensor Reduce(ReduceKind kind, int[] axes, Tensor x)
    {
        var dims = (long[])x.Dims.Clone();
        foreach (var axis in axes)
        {
            dims[axis] = 1;
        }

        // The place in the result of each element of the operand.
        var strides = Positions.Strides(dims);
        foreach (var axis in axes)
        {
            strides[axis] = 0;
        }

        var places = Positions.Of(x.Dims, strides);
        var count = (int)dims.Aggregate(1L, (p, d) => p * d);
        return x.IsFloat
            ? Tensor.Of(x.Type, dims, ReduceFloats(kind, x.Floats, places, count))
            : Tensor.Of(x.Type, dims, ReduceIntegers(kind, x.Integers, places, count));
    }

    public static Tensor CumSum(int axis, bool exclusive, bool reverse, Tensor x)
    {
        var (outer, length, inner) = Positions.Split(x.Dims, axis);
        Array result = x.IsFloat ? new float[x.Count] : new long[x.Count];
        for (var line = 0; line < outer * inner; line++)
        {
            var start = (line / inner * length * inner) + (line % inner);
            double sum = 0;
            long whole = 0;
            for (var i = 0; i < length; i++)
            {
                var at = start + ((reverse ? length - 1 - i : i) * inner);
                if (result is float[] floats)
                {
                    floats[at] = (float)(exclusive ? sum : sum + x.Floats[at]);
                    sum += x.Floats[at];
                }
                else
                {
                    ((long[])result)[at] = UnaryEvaluation.Wrap(x.Type, exclusive ? whole : whole + x.Integers[at]);
                    whole += x.Integers[at];
                }
            }
        }

        return Tensor.Of(x.Type, x.Dims, result);
    }

    public static Tensor ArgExtremum(int axis, bool largest, bool selectLast, Tensor x)
    {
        var (outer, length, inner) = Positions.Split(x.Dims, axis);
        var result = new long[outer * inner];
        for (var line = 0; line < result.Length; line++)
        {
            var start = (line / inner * length * inner) + (line % inner);
            var best = 0;
            for (var i = 1; i < length; i++)
            {
                var order = Order(x, start + (i * inner), start + (best * inner)) * (largest ? 1 : -1);
                best = order > 0 || (order == 0 && selectLast) ? i : best;
            }

            result[line] = best;
        }

        return Tensor.Of(Shrunk(x.Dims, axis, 1), result);
    }

    private static int Order(Tensor x, int i, int j) =>
        x.IsFloat ? x.Floats[i].CompareTo(x.Floats[j]) : x.Integers[i].CompareTo(x.Integers[j]);

    private static long[] Shrunk(long[] dims, int axis, long length)
    {
        var shrunk = (long[])dims.Clone();
        shrunk[axis] = length;
        return shrunk;
    }

    private static float[] ReduceFloats(ReduceKind kind, float[] x, int[] places, int count)
    {
        var sums = new double[count];
        var seen = new int[count];
        Array.Fill(sums, kind switch
        {
            ReduceKind.Max => double.NegativeInfinity,
            ReduceKind.Min => double.PositiveInfinity,
            ReduceKind.Prod => 1,
            _ => 0,
        });
        for (var i = 0; i < x.Length; i++)
        {
            var at = places[i];
            seen[at]++;
            sums[at] = kind switch
            {
                ReduceKind.Max => Math.Max(sums[at], x[i]),
                ReduceKind.Min => Math.Min(sums[at], x[i]),
                ReduceKind.Prod => sums[at] * x[i],
                _ => sums[at] + x[i],
            };
        }

        var result = new float[count];
        for (var i = 0; i < count; i++)
        {
            result[i] = (float)(kind == ReduceKind.Mean ? sums[i] / seen[i] : sums[i]);
        }

        return result;
    }

    private static long[] ReduceIntegers(ReduceKind kind, long[] x, int[] places, int count)
    {
        var result = new long[count];
        var seen = new int[count];
        for (var i = 0; i < x.Length; i++)
        {
            var at = places[i];
            result[at] = seen[at]++ == 0 ? x[i] : kind switch
            {
                ReduceKind.Max => Math.Max(result[at], x[i]),
                ReduceKind.Min => Math.Min(result[at], x[i]),
                ReduceKind.Prod => result[at] * x[i],
                _ => result[at] + x[i],
            };
        }

        for (var i = 0; kind == ReduceKind.Mean && i < count; i++)
        {
            result[i] /= Math.Max(1, seen[i]);
        }

        return result;
    }
}
