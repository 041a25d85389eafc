using System.Runtime.InteropServices;
using CompiledBert.Compiler.Graph;
using CompiledBert.Compiler.Passes;
using CompiledBert.Compiler.Quantization;
using Xunit;

namespace CompiledBert.Compiler.Tests.Packing;

/// <summary>Derived matrices: whole against plain loops, and every part against the whole.</summary>
public sealed class MatrixPartTests
{
    private const int Rows = 37;
    private const int Columns = 45;

    [Fact]
    public void Transposed() => Holds(WeightAlgebra.Transposed(Matrix(1)).Constant!, Columns, Rows, (i, j) => At(1, j, i));

    [Fact]
    public void Transposed_twice_with_scaled_rows_between() =>
        Holds(
            WeightAlgebra.Transposed(WeightAlgebra.ScaledRows(WeightAlgebra.Transposed(Matrix(1)), Scale(Columns))).Constant!,
            Rows, Columns, (i, j) => At(1, i, j) * Scale(Columns)[j]);

    [Fact]
    public void Transposed_bytes()
    {
        byte[] bytes = [.. Enumerable.Range(0, Rows * Columns).Select(i => (byte)i)];
        var transposed = TensorData.FromBytes(DataType.UInt8, [Rows, Columns], bytes).Transposed();
        var part = new byte[3 * 40];
        transposed.Read(new MatrixPart(41, 3, 2, 34), part.AsSpan(), 40);
        for (var i = 0; i < 3; i++)
        {
            for (var j = 0; j < 34; j++)
            {
                Assert.Equal(bytes[((2 + j) * Columns) + 41 + i], part[(i * 40) + j]);
            }
        }
    }

    [Fact]
    public void Scaled_columns() =>
        Holds(WeightAlgebra.ScaledColumns(Matrix(1), Scale(Columns)).Constant!, Rows, Columns, (i, j) => At(1, i, j) * Scale(Columns)[j]);

    [Fact]
    public void Scaled_rows() => Holds(WeightAlgebra.ScaledRows(Matrix(1), Scale(Rows)).Constant!, Rows, Columns, (i, j) => At(1, i, j) * Scale(Rows)[i]);

    [Fact]
    public void Beside() =>
        Holds(WeightAlgebra.Beside([Matrix(1), Matrix(2), Matrix(3)]).Constant!, Rows, 3 * Columns, (i, j) => At(1 + (j / Columns), i, j % Columns));

    [Theory]
    [InlineData(3, 1, 20)]
    [InlineData(2, 3, 14)]
    [InlineData(44, -1, 45)]
    [InlineData(40, -4, 10)]
    public void Some_columns(int start, int step, int count) =>
        Holds(WeightAlgebra.Columns(Matrix(1), start, step, count).Constant!, Rows, count, (i, j) => At(1, i, start + (j * step)));

    [Fact]
    public void Halves_widened_and_transposed()
    {
        Half[] halves = [.. Enumerable.Range(0, Rows * Columns).Select(i => (Half)At(1, i / Columns, i % Columns))];
        var data = TensorData.FromBytes(DataType.Float16, [Rows, Columns], MemoryMarshal.AsBytes<Half>(halves).ToArray());
        Holds(data.ToFloat32(), Rows, Columns, (i, j) => (float)halves[(i * Columns) + j]);
        Holds(data.ToFloat32().Transposed(), Columns, Rows, (i, j) => (float)halves[(j * Columns) + i]);
        Holds(data.Transposed().ToFloat32(), Columns, Rows, (i, j) => (float)halves[(j * Columns) + i]);
    }

    [Fact]
    public void Under_other_lengths()
    {
        var transposed = WeightAlgebra.Transposed(Matrix(1)).Constant!;
        Holds(transposed.Reshaped([5, 9, Rows]), Columns, Rows, (i, j) => At(1, j, i));
        Holds(transposed.Reshaped([9, 5 * Rows]), 9, 5 * Rows, (i, j) => At(1, j % Rows, (i * 5) + (j / Rows)));
    }

    [Fact]
    public void Made_as_a_whole()
    {
        var made = TensorData.Derived(DataType.Float32, [Rows, Columns], () => Matrix(1).Constant!.Bytes.ToArray());
        Assert.False(made.HasParts);
        Assert.False(made.Transposed().HasParts);
        Holds(made.Transposed(), Columns, Rows, (i, j) => At(1, j, i));
    }

    [Fact]
    public void Rounded()
    {
        var scales = Scale(Columns);
        var whole = QuantizedWeights.Integers(Matrix(1), Scale(Rows), scales).Constant!;
        for (var start = 0; start < Columns; start += 16)
        {
            var width = Math.Min(16, Columns - start);
            var part = new sbyte[Rows * 16];
            whole.Read(new MatrixPart(0, Rows, start, width), part.AsSpan(), 16);
            for (var i = 0; i < Rows; i++)
            {
                for (var j = 0; j < width; j++)
                {
                    Assert.Equal((sbyte)Math.Clamp(MathF.Round(At(1, i, start + j) / (scales[start + j] * Scale(Rows)[i])), -127, 127), part[(i * 16) + j]);
                }
            }
        }
    }

    private static void Holds(TensorData data, int rows, int columns, Func<int, int, float> expected)
    {
        var whole = data.As<float>().ToArray();
        var held = data.Hold();
        foreach (var part in new MatrixPart[]
        {
            new(0, rows, 0, columns), new(1, rows - 2, 0, 1), new(0, rows, columns - 3, 3), new(rows - 1, 1, 1, columns - 2), new(3, 4, 2, 7),
        })
        {
            var stride = part.Columns + 2;
            var read = new float[part.Rows * stride];
            data.Read(part, read.AsSpan(), stride);
            for (var i = 0; i < part.Rows; i++)
            {
                for (var j = 0; j < part.Columns; j++)
                {
                    var value = expected(part.Row + i, part.Column + j);
                    Assert.Equal(value, whole[((part.Row + i) * columns) + part.Column + j]);
                    Assert.Equal(value, read[(i * stride) + j]);
                }

                Assert.Equal([0, 0], read.AsSpan((i * stride) + part.Columns, 2).ToArray());
            }
        }

        GC.KeepAlive(held);
    }

    private static Value Matrix(int seed) =>
        ModelGraph.Constant("m",
            TensorData.FromFloats([Rows, Columns], [.. Enumerable.Range(0, Rows * Columns).Select(i => At(seed, i / Columns, i % Columns))]));

    private static float At(int seed, int row, int column) => (((row * 61) + (column * 17) + (seed * 29)) % 101 / 50f) - 1;

    private static float[] Scale(int count) => [.. Enumerable.Range(0, count).Select(i => 0.01f + (i % 7 * 0.003f))];
}
