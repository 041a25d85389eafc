using System.Numerics;
using System.Runtime.InteropServices;
using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Onnx;

/// <summary>Constants stored as small integers, widened to floats when they are read.</summary>
internal static class Dequantized
{
    /// <summary>(q − zero point)·scale. The scale and zero point of an element are found by a function of its position.</summary>
    public static TensorData Of(TensorData source, float[] scales, float[]? zeros, Func<long, long> parameterOf) =>
        TensorData.Derived(DataType.Float32, [.. source.Dims], () =>
        {
            var result = new byte[source.Count * sizeof(float)];
            var floats = MemoryMarshal.Cast<byte, float>(result.AsSpan());
            Widen(source, floats);
            for (var i = 0; i < floats.Length; i++)
            {
                var at = parameterOf(i);
                floats[i] = (floats[i] - (zeros is null ? 0 : zeros[at])) * scales[at];
            }

            return result;
        });

    /// <summary>
    /// Weights in blocks along the rows, several in a byte (MatMulNBits), as a matrix [rows, columns]. There is one scale
    /// and zero point a block, column by column.
    /// </summary>
    public static TensorData OfBlocks(TensorData packed, int rows, int columns, int bits, int block, Func<float[]> readScales, Func<float[]> readZeros) =>
        TensorData.Derived(DataType.Float32, [rows, columns], () =>
        {
            var result = new byte[(long)rows * columns * sizeof(float)];
            var floats = MemoryMarshal.Cast<byte, float>(result.AsSpan());
            var (bytes, scales, zeros) = (packed.Bytes.ToArray(), readScales(), readZeros());
            var (blocks, mask) = ((rows + block - 1) / block, (1 << bits) - 1);
            var bytesOfBlock = block * bits / 8;
            for (var column = 0; column < columns; column++)
            {
                for (var row = 0; row < rows; row++)
                {
                    var (index, within) = (row / block, row % block * bits);
                    var q = (bytes[(((column * blocks) + index) * bytesOfBlock) + (within / 8)] >> (within % 8)) & mask;
                    floats[(row * columns) + column] = (q - zeros[(column * blocks) + index]) * scales[(column * blocks) + index];
                }
            }

            return result;
        });

    private static void Widen(TensorData source, Span<float> result)
    {
        switch (source.Type)
        {
            case DataType.Int8: Each(source.As<sbyte>(), result); break;
            case DataType.UInt8: Each(source.As<byte>(), result); break;
            case DataType.Int16: Each(source.As<short>(), result); break;
            case DataType.UInt16: Each(source.As<ushort>(), result); break;
            case DataType.Int32: Each(source.As<int>(), result); break;
            case DataType.Int4 or DataType.UInt4:
                var bytes = source.Bytes;
                for (var i = 0; i < result.Length; i++)
                {
                    var low = bytes[i / 2] >> (i % 2 * 4);
                    result[i] = source.Type == DataType.UInt4 ? low & 15 : (sbyte)(low << 4) >> 4;
                }

                break;
            default: throw new ArgumentException($"{source.Type} is not quantised.", nameof(source));
        }
    }

    private static void Each<T>(ReadOnlySpan<T> source, Span<float> result)
        where T : INumber<T>
    {
        for (var i = 0; i < result.Length; i++)
        {
            result[i] = float.CreateTruncating(source[i]);
        }
    }
}
