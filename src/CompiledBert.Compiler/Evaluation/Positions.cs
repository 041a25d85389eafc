namespace CompiledBert.Compiler.Evaluation;

/// <summary>Where in a row-major operand the elements of a strided view of it lie. Broadcast, transpose, expand and slice are such views.</summary>
internal static class Positions
{
    /// <summary>Row-major strides.</summary>
    public static long[] Strides(long[] dims)
    {
        var strides = new long[dims.Length];
        var step = 1L;
        for (var i = dims.Length - 1; i >= 0; i--)
        {
            strides[i] = step;
            step *= dims[i];
        }

        return strides;
    }

    /// <summary>The position of each element, in row-major order of <paramref name="dims"/>.</summary>
    public static int[] Of(long[] dims, long[] strides, long offset = 0)
    {
        var count = dims.Aggregate(1L, (product, dim) => checked(product * dim));
        var positions = new int[count];
        var index = new long[dims.Length];
        var at = offset;
        for (var i = 0; i < positions.Length; i++)
        {
            positions[i] = checked((int)at);
            for (var axis = dims.Length - 1; axis >= 0; axis--)
            {
                at += strides[axis];
                if (++index[axis] < dims[axis])
                {
                    break;
                }

                at -= strides[axis] * dims[axis];
                index[axis] = 0;
            }
        }

        return positions;
    }

    /// <summary>The positions that broadcast an operand to a shape.</summary>
    public static int[] Broadcast(long[] from, long[] to)
    {
        var own = Strides(from);
        var strides = new long[to.Length];
        for (var i = 1; i <= from.Length; i++)
        {
            strides[^i] = from[^i] == 1 ? 0 : own[^i];
        }

        return Of(to, strides);
    }

    /// <summary>The shape that operands broadcast to.</summary>
    public static long[] BroadcastDims(params IEnumerable<long[]> operands)
    {
        var result = Array.Empty<long>();
        foreach (var dims in operands)
        {
            var longer = dims.Length > result.Length ? dims : result;
            var merged = (long[])longer.Clone();
            for (var i = 1; i <= Math.Min(dims.Length, result.Length); i++)
            {
                merged[^i] = dims[^i] == 1 ? result[^i]
                    : result[^i] == 1 || result[^i] == dims[^i] ? dims[^i]
                    : throw new EvaluationException($"[{string.Join(',', dims)}] does not broadcast with [{string.Join(',', result)}].");
            }

            result = merged;
        }

        return result;
    }

    /// <summary>Lengths before, at and after an axis.</summary>
    public static (int Outer, int Length, int Inner) Split(long[] dims, int axis)
    {
        var outer = dims[..axis].Aggregate(1L, (product, dim) => product * dim);
        var inner = dims[(axis + 1)..].Aggregate(1L, (product, dim) => product * dim);
        return (checked((int)outer), checked((int)dims[axis]), checked((int)inner));
    }
}
