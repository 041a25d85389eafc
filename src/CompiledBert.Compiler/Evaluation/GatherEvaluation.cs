using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Evaluation;

/// <summary>Operators that pick or place elements by indices in data. An index out of range is an error, never a wrong element.</summary>
internal static class GatherEvaluation
{
    /// <summary>Rows of a table of floats where it lies.</summary>
    public static Tensor Rows(TensorData table, Tensor indices)
    {
        var (rows, width) = ((int)table.Dims[0], (int)table.Dims[1]);
        var result = new float[indices.Count * width];
        for (var i = 0; i < indices.Count; i++)
        {
            table.Read(new MatrixPart(InRange(indices.Integers[i], rows), 1, 0, width), result.AsSpan(i * width), width);
        }

        return Tensor.Of([.. indices.Dims, width], result);
    }

    public static Tensor Gather(int axis, Tensor data, Tensor indices)
    {
        var (outer, length, inner) = Positions.Split(data.Dims, axis);
        var positions = new int[outer * indices.Count * inner];
        var at = 0;
        for (var o = 0; o < outer; o++)
        {
            foreach (var index in indices.Integers)
            {
                var from = ((o * length) + InRange(index, length)) * inner;
                for (var i = 0; i < inner; i++)
                {
                    positions[at++] = from + i;
                }
            }
        }

        return data.Take([.. data.Dims[..axis], .. indices.Dims, .. data.Dims[(axis + 1)..]], positions);
    }

    public static Tensor GatherElements(int axis, Tensor data, Tensor indices)
    {
        // Each index stands at a place of its own whose coordinates, but for the axis, are those of the element it picks.
        var strides = Positions.Strides(data.Dims);
        var (others, length) = ((long[])strides.Clone(), (int)data.Dims[axis]);
        others[axis] = 0;
        var positions = Positions.Of(indices.Dims, others);
        for (var i = 0; i < positions.Length; i++)
        {
            positions[i] += InRange(indices.Integers[i], length) * (int)strides[axis];
        }

        return data.Take(indices.Dims, positions);
    }

    public static Tensor GatherNd(int batchDims, Tensor data, Tensor indices)
    {
        var (starts, block) = Tuples(batchDims, data.Dims, indices);
        var positions = new int[starts.Length * block];
        for (var i = 0; i < positions.Length; i++)
        {
            positions[i] = starts[i / block] + (i % block);
        }

        return data.Take([.. indices.Dims[..^1], .. data.Dims[(batchDims + (int)indices.Dims[^1])..]], positions);
    }

    public static Tensor ScatterNd(ReduceKind? combine, Tensor data, Tensor indices, Tensor updates)
    {
        var (starts, block) = Tuples(0, data.Dims, indices);
        Array result = data.IsFloat
            ? Place(data.Floats, updates.Floats, (a, b) => BinaryEvaluation.OfFloats(Operation(), a, b))
            : Place(data.Integers, updates.Integers, (a, b) => UnaryEvaluation.Wrap(data.Type, BinaryEvaluation.OfIntegers(Operation(), a, b)));
        return Tensor.Of(data.Type, data.Dims, result);

        BinaryKind Operation() => combine switch
        {
            ReduceKind.Sum => BinaryKind.Add,
            ReduceKind.Prod => BinaryKind.Mul,
            ReduceKind.Max => BinaryKind.Max,
            ReduceKind.Min => BinaryKind.Min,
            _ => throw new EvaluationException($"{combine} does not combine two elements."),
        };

        T[] Place<T>(T[] source, T[] news, Func<T, T, T> combined)
        {
            var placed = (T[])source.Clone();
            for (var i = 0; i < starts.Length * block; i++)
            {
                ref var at = ref placed[starts[i / block] + (i % block)];
                at = combine is null ? news[i] : combined(at, news[i]);
            }

            return placed;
        }
    }

    private static (int[] Starts, int Block) Tuples(int batchDims, long[] dims, Tensor indices)
    {
        var width = (int)indices.Dims[^1];
        var strides = Positions.Strides(dims);
        var tuples = width == 0 ? (int)indices.Dims[..^1].Aggregate(1L, (p, d) => p * d) : indices.Count / width;
        var batches = (int)dims[..batchDims].Aggregate(1L, (p, d) => p * d);
        var batchStride = batchDims == 0 ? 0 : strides[batchDims - 1];
        var starts = new int[tuples];
        for (var t = 0; t < tuples; t++)
        {
            var at = batches == 0 ? 0 : t / (tuples / batches) * batchStride;
            for (var i = 0; i < width; i++)
            {
                at += InRange(indices.Integers[(t * width) + i], (int)dims[batchDims + i]) * strides[batchDims + i];
            }

            starts[t] = checked((int)at);
        }

        return (starts, (int)dims[(batchDims + width)..].Aggregate(1L, (p, d) => p * d));
    }

    private static int InRange(long index, int length)
    {
        var positive = index < 0 ? index + length : index;
        return positive >= 0 && positive < length ? (int)positive : throw new EvaluationException($"Index {index} is out of an axis of {length}.");
    }
}
