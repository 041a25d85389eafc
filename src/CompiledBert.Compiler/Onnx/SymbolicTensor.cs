using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Onnx;

/// <summary>Layout and arithmetic on the elements of small integer tensors whose values follow from lengths: what shape arithmetic does.</summary>
internal static class SymbolicTensor
{
    /// <summary>f(a, b) with broadcasting; null where an element has no value as a polynomial, or there are too many.</summary>
    public static (long[] Dims, Dim[] Contents)? Binary(Operand a, Operand b, Func<Dim, Dim, Dim?> f)
    {
        if (a.Contents is not { } x || b.Contents is not { } y)
        {
            return null;
        }

        var dims = ShapeInference.Broadcast(a.Shape, b.Shape).ToConstants();
        if (Count(dims) > Operand.MaxContents)
        {
            return null;
        }

        var (atA, atB) = (Expanded(a.Shape.ToConstants(), dims), Expanded(b.Shape.ToConstants(), dims));
        var result = new Dim[Count(dims)];
        for (var i = 0; i < result.Length; i++)
        {
            if (f(x[atA[i]], y[atB[i]]) is not { } value)
            {
                return null;
            }

            result[i] = value;
        }

        return (dims, result);
    }

    /// <summary>For each element of the broadcast shape the position in the operand that it repeats.</summary>
    public static int[] Expanded(long[] from, long[] to)
    {
        var strides = Strides(from);
        return Positions(to, index =>
        {
            var position = 0L;
            for (var axis = 0; axis < from.Length; axis++)
            {
                position += from[axis] == 1 ? 0 : index[axis + to.Length - from.Length] * strides[axis];
            }

            return position;
        });
    }

    /// <summary>For each element of a shape, in order, the position that a function of its index gives.</summary>
    public static int[] Positions(long[] dims, Func<long[], long> position)
    {
        var result = new int[Count(dims)];
        var index = new long[dims.Length];
        for (var i = 0; i < result.Length; i++)
        {
            result[i] = checked((int)position(index));
            for (var axis = dims.Length - 1; axis >= 0 && ++index[axis] == dims[axis]; axis--)
            {
                index[axis] = 0;
            }
        }

        return result;
    }

    /// <summary>The distance in elements between neighbours along each axis.</summary>
    public static long[] Strides(long[] dims)
    {
        var strides = new long[dims.Length];
        var stride = 1L;
        for (var axis = dims.Length - 1; axis >= 0; axis--)
        {
            strides[axis] = stride;
            stride *= dims[axis];
        }

        return strides;
    }

    /// <summary>The number of elements.</summary>
    public static long Count(long[] dims) => dims.Aggregate(1L, (product, dim) => checked(product * dim));
}
