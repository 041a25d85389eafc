using CompiledBert.Cli.Sessions;
using CompiledBert.Compiler;

namespace CompiledBert.Parity.Operators;

/// <summary>Inputs for small models; the same each time.</summary>
internal static class SampleTensors
{
    /// <summary>Floats between −2 and 2.</summary>
    public static HostTensor Floats(int seed, params long[] dims)
    {
        var random = new Random(seed);
        var tensor = new HostTensor(DataType.Float32, dims);
        foreach (ref var element in tensor.As<float>())
        {
            element = (random.NextSingle() * 4) - 2;
        }

        return tensor;
    }

    /// <summary>Integers of a type from <paramref name="low"/> to <paramref name="high"/> − 1.</summary>
    public static HostTensor Integers(DataType type, int seed, int low, int high, params long[] dims)
    {
        var random = new Random(seed);
        var tensor = new HostTensor(type, dims);
        for (var i = 0; i < tensor.Count; i++)
        {
            Elements.SetInteger(type, tensor.Bytes, i, random.Next(low, high));
        }

        return tensor;
    }

    /// <summary>Given integers.</summary>
    public static HostTensor Given(DataType type, long[] dims, params long[] values)
    {
        var tensor = new HostTensor(type, dims);
        for (var i = 0; i < values.Length; i++)
        {
            Elements.SetInteger(type, tensor.Bytes, i, values[i]);
        }

        return tensor;
    }
}
