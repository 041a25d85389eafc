using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Evaluation;

/// <summary>Operators that only move elements.</summary>
internal static class LayoutEvaluation
{
    public static Tensor Transpose(int[] permutation, Tensor x)
    {
        var strides = Positions.Strides(x.Dims);
        var dims = Array.ConvertAll(permutation, axis => x.Dims[axis]);
        return x.Take(dims, Positions.Of(dims, Array.ConvertAll(permutation, axis => strides[axis])));
    }

    public static Tensor Expand(long[] dims, Tensor x)
    {
        if (!Positions.BroadcastDims(x.Dims, dims).AsSpan().SequenceEqual(dims))
        {
            throw new EvaluationException($"[{string.Join(',', x.Dims)}] does not expand to [{string.Join(',', dims)}].");
        }

        return x.Take(dims, Positions.Broadcast(x.Dims, dims));
    }

    public static Tensor Slice(int axis, long start, long step, long length, Tensor x)
    {
        var last = start + (step * (length - 1));
        if (length < 0 || (length > 0 && (start < 0 || start >= x.Dims[axis] || last < 0 || last >= x.Dims[axis])))
        {
            throw new EvaluationException($"Slice {start} + i·{step}, {length} long, of axis {axis} of [{string.Join(',', x.Dims)}].");
        }

        var strides = Positions.Strides(x.Dims);
        var dims = (long[])x.Dims.Clone();
        dims[axis] = length;
        var offset = start * strides[axis];
        strides[axis] *= step;
        return x.Take(dims, Positions.Of(dims, strides, offset));
    }

    public static Tensor Concat(int axis, IReadOnlyList<Tensor> parts)
    {
        var dims = (long[])parts[0].Dims.Clone();
        dims[axis] = parts.Sum(p => p.Dims[axis]);
        Array result = parts[0].IsFloat ? Join([.. parts.Select(p => p.Floats)]) : Join([.. parts.Select(p => p.Integers)]);
        return Tensor.Of(parts[0].Type, dims, result);

        T[] Join<T>(T[][] sources)
        {
            var (outer, _, _) = Positions.Split(dims, axis);
            var joined = new T[dims.Aggregate(1L, (product, dim) => product * dim)];
            var at = 0;
            for (var o = 0; o < outer; o++)
            {
                foreach (var source in sources)
                {
                    var block = source.Length / outer;
                    Array.Copy(source, o * block, joined, at, block);
                    at += block;
                }
            }

            return joined;
        }
    }

    public static Tensor Pad(long[] before, long[] after, Tensor x, Tensor? value)
    {
        var dims = new long[x.Rank];
        for (var i = 0; i < dims.Length; i++)
        {
            dims[i] = Math.Max(0, x.Dims[i] + before[i] + after[i]);
        }

        Array result = x.IsFloat ? Place(x.Floats, value?.Floats[0] ?? 0) : Place(x.Integers, value?.Integers[0] ?? 0);
        return Tensor.Of(x.Type, dims, result);

        T[] Place<T>(T[] source, T filling)
        {
            var strides = Positions.Strides(x.Dims);
            var own = Positions.Strides(dims);
            var padded = new T[dims.Aggregate(1L, (product, dim) => product * dim)];
            for (var i = 0; i < padded.Length; i++)
            {
                var rest = (long)i;
                var from = 0L;
                for (var axis = 0; axis < dims.Length && from >= 0; axis++)
                {
                    var index = (rest / own[axis]) - before[axis];
                    rest %= own[axis];
                    from = index < 0 || index >= x.Dims[axis] ? -1 : from + (index * strides[axis]);
                }

                padded[i] = from < 0 ? filling : source[from];
            }

            return padded;
        }
    }

    public static Tensor Iota(DataType type, long start, long step, long length)
    {
        var values = new long[length];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = start + (i * step);
        }

        return UnaryEvaluation.Cast(type, Tensor.Of([length], values));
    }
}
