using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Packing;

/// <summary>Constants of every floating-point storage as 32-bit floats.</summary>
internal static class FloatReader
{
    /// <summary>The elements, widened or rounded to 32 bits.</summary>
    public static float[] Read(TensorData data)
    {
        var result = new float[data.Count];
        switch (data.Type)
        {
            case DataType.Float32:
                data.As<float>().CopyTo(result);
                break;
            case DataType.Float16:
                var halves = data.As<Half>();
                for (var i = 0; i < result.Length; i++)
                {
                    result[i] = (float)halves[i];
                }

                break;
            case DataType.BFloat16:
                var brains = data.As<ushort>();
                for (var i = 0; i < result.Length; i++)
                {
                    result[i] = BitConverter.UInt32BitsToSingle((uint)brains[i] << 16);
                }

                break;
            case DataType.Float64:
                var doubles = data.As<double>();
                for (var i = 0; i < result.Length; i++)
                {
                    result[i] = (float)doubles[i];
                }

                break;
            default:
                throw new InvalidOperationException($"{data.Type} is not floating point.");
        }

        return result;
    }
}
