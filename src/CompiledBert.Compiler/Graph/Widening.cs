using System.Runtime.InteropServices;

namespace CompiledBert.Compiler.Graph;

/// <summary>Stored floating-point numbers of every width in the 32 bits that all arithmetic runs in.</summary>
public static class Widening
{
    /// <summary>A constant of the same values in 32 bits, read when it is needed.</summary>
    public static TensorData ToFloat32(this TensorData source) => source.Type == DataType.Float32
        ? source
        : TensorData.Derived(DataType.Float32, [.. source.Dims], () => MemoryMarshal.AsBytes(source.ToFloats().AsSpan()).ToArray(), Recipe.Of(nameof(ToFloat32), source.Identity));

    /// <summary>The elements. Doubles beyond the range of floats become the largest float, not infinity.</summary>
    public static float[] ToFloats(this TensorData source)
    {
        var result = new float[source.Count];
        switch (source.Type)
        {
            case DataType.Float32:
                source.As<float>().CopyTo(result);
                break;
            case DataType.Float16:
                var halves = source.As<Half>();
                for (var i = 0; i < result.Length; i++)
                {
                    result[i] = (float)halves[i];
                }

                break;
            case DataType.BFloat16:
                var upper = source.As<ushort>();
                for (var i = 0; i < result.Length; i++)
                {
                    result[i] = BitConverter.Int32BitsToSingle(upper[i] << 16);
                }

                break;
            case DataType.Float64:
                var doubles = source.As<double>();
                for (var i = 0; i < result.Length; i++)
                {
                    result[i] = double.IsFinite(doubles[i]) ? (float)Math.Clamp(doubles[i], float.MinValue, float.MaxValue) : (float)doubles[i];
                }

                break;
            default:
                throw new ArgumentException($"{source.Type} is not floating point.", nameof(source));
        }

        return result;
    }
}
