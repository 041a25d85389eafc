using System.Runtime.InteropServices;

namespace CompiledBert.Compiler.Graph;

/// <summary>Stored floating-point numbers of every width in the 32 bits that all arithmetic runs in.</summary>
public static class Widening
{
    /// <summary>A constant of the same values in 32 bits, read when it is needed.</summary>
    public static TensorData ToFloat32(this TensorData source) => source.Type == DataType.Float32 ? source : TensorData.Derived<float>(
        DataType.Float32,
        [.. source.Dims],
        [source],
        (part, to, stride) =>
        {
            var line = new byte[part.Columns * source.Type.BitsOf() / 8];
            for (var row = 0; row < part.Rows; row++)
            {
                source.ReadBytes(part with { Row = part.Row + row, Rows = 1 }, line, line.Length);
                Widen(source.Type, line, to.Slice(row * stride, part.Columns));
            }
        },
        Recipe.Of(nameof(ToFloat32), source.Identity));

    /// <summary>The elements. Doubles beyond the range of floats become the largest float, not infinity.</summary>
    public static float[] ToFloats(this TensorData source)
    {
        var result = new float[source.Count];
        Widen(source.Type, source.Bytes, result);
        return result;
    }

    private static void Widen(DataType type, ReadOnlySpan<byte> source, Span<float> result)
    {
        switch (type)
        {
            case DataType.Float32:
                MemoryMarshal.Cast<byte, float>(source).CopyTo(result);
                break;
            case DataType.Float16:
                var halves = MemoryMarshal.Cast<byte, Half>(source);
                for (var i = 0; i < result.Length; i++)
                {
                    result[i] = (float)halves[i];
                }

                break;
            case DataType.BFloat16:
                var upper = MemoryMarshal.Cast<byte, ushort>(source);
                for (var i = 0; i < result.Length; i++)
                {
                    result[i] = BitConverter.Int32BitsToSingle(upper[i] << 16);
                }

                break;
            case DataType.Float64:
                var doubles = MemoryMarshal.Cast<byte, double>(source);
                for (var i = 0; i < result.Length; i++)
                {
                    result[i] = double.IsFinite(doubles[i]) ? (float)Math.Clamp(doubles[i], float.MinValue, float.MaxValue) : (float)doubles[i];
                }

                break;
            default:
                throw new ArgumentException($"{type} is not floating point.", nameof(type));
        }
    }
}
