using System.Runtime.InteropServices;
using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Passes;

/// <summary>Weights changed by passes. The results are derived from the operands when they are read, so that no copy of a weight is held.</summary>
internal static class WeightAlgebra
{
    private delegate void Fill(Span<float> result);

    /// <summary>A matrix with rows and columns exchanged.</summary>
    public static Value Transposed(Value matrix)
    {
        var data = matrix.Constant!;
        var (rows, columns) = ((int)data.Dims[0], (int)data.Dims[1]);
        return Derive(matrix.Name, [columns, rows], Recipe.Of(nameof(Transposed), data.Identity), result =>
        {
            // In squares, so that both sides stay in the cache.
            const int Square = 32;
            var source = data.As<float>();
            for (var top = 0; top < rows; top += Square)
            {
                for (var left = 0; left < columns; left += Square)
                {
                    for (var row = top; row < Math.Min(top + Square, rows); row++)
                    {
                        for (var column = left; column < Math.Min(left + Square, columns); column++)
                        {
                            result[(column * rows) + row] = source[(row * columns) + column];
                        }
                    }
                }
            }
        });
    }

    /// <summary>A matrix with each column multiplied by its number.</summary>
    public static Value ScaledColumns(Value matrix, float[] scale) => Derive(matrix.Name, [.. matrix.Constant!.Dims], Recipe.Of(nameof(ScaledColumns), matrix.Constant.Identity, Recipe.Of(scale)), result =>
    {
        var source = matrix.Constant!.As<float>();
        for (var i = 0; i < result.Length; i++)
        {
            result[i] = source[i] * scale[i % scale.Length];
        }
    });

    /// <summary>A matrix with each row multiplied by its number.</summary>
    public static Value ScaledRows(Value matrix, float[] scale) => Derive(matrix.Name, [.. matrix.Constant!.Dims], Recipe.Of(nameof(ScaledRows), matrix.Constant.Identity, Recipe.Of(scale)), result =>
    {
        var source = matrix.Constant!.As<float>();
        var columns = (int)matrix.Constant.Dims[1];
        for (var i = 0; i < result.Length; i++)
        {
            result[i] = source[i] * scale[i / columns];
        }
    });

    /// <summary>Matrices of as many rows beside each other.</summary>
    public static Value Beside(IReadOnlyList<Value> matrices)
    {
        var rows = matrices[0].Constant!.Dims[0];
        var width = (int)matrices.Sum(m => m.Constant!.Dims[1]);
        return Derive(string.Join('+', matrices.Select(m => m.Name)), [rows, width], Recipe.Of(nameof(Beside), [.. matrices.Select(m => m.Constant!.Identity)]), result =>
        {
            var start = 0;
            foreach (var matrix in matrices)
            {
                var source = matrix.Constant!.As<float>();
                var columns = (int)matrix.Constant.Dims[1];
                for (var row = 0; row < rows; row++)
                {
                    source.Slice(row * columns, columns).CopyTo(result[((row * width) + start)..]);
                }

                start += columns;
            }
        });
    }

    /// <summary>Some columns of a matrix.</summary>
    public static Value Columns(Value matrix, int start, int step, int count)
    {
        var rows = matrix.Constant!.Dims[0];
        return Derive(matrix.Name, [rows, count], Recipe.Of(nameof(Columns), matrix.Constant.Identity, start, step, count), result =>
        {
            var source = matrix.Constant!.As<float>();
            var columns = (int)matrix.Constant.Dims[1];
            for (var i = 0; i < result.Length; i++)
            {
                result[i] = source[(i / count * columns) + start + (i % count * step)];
            }
        });
    }

    /// <summary>A vector as a constant.</summary>
    public static Value Vector(string name, float[] elements) => ModelGraph.Constant(name, TensorData.FromFloats([elements.Length], elements));

    /// <summary>Element by element sum and product of vectors.</summary>
    public static float[] Combine(float[] a, float[] b, Func<float, float, float> f) => [.. a.Zip(b, f)];

    private static Value Derive(string name, long[] dims, Recipe recipe, Fill fill)
    {
        var count = dims.Aggregate(1L, (product, dim) => checked(product * dim));
        return ModelGraph.Constant(name, TensorData.Derived(DataType.Float32, dims, () =>
        {
            var bytes = new byte[checked(count * sizeof(float))];
            fill(MemoryMarshal.Cast<byte, float>(bytes.AsSpan()));
            return bytes;
        }, recipe));
    }
}
