using System.Runtime.InteropServices;

namespace CompiledBert.Compiler.Graph;

/// <summary>
/// The elements of a constant tensor, row-major, little-endian. The bytes may lie in the mapped model file and are touched only when read,
/// so that a weight costs no memory before it is packed.
/// </summary>
public abstract class TensorData
{
    /// <summary>Creates the data of a tensor.</summary>
    protected TensorData(DataType type, long[] dims)
    {
        Type = type;
        Dims = dims;
        Count = dims.Aggregate(1L, (product, dim) => checked(product * dim));
    }

    /// <summary>The element type as stored.</summary>
    public DataType Type { get; }

    /// <summary>The lengths of the axes.</summary>
    public IReadOnlyList<long> Dims { get; }

    /// <summary>The number of elements.</summary>
    public long Count { get; }

    /// <summary>Bytes that the elements take.</summary>
    public long ByteLength => ((Count * Type.BitsOf()) + 7) / 8;

    /// <summary>The elements' bytes.</summary>
    public abstract ReadOnlySpan<byte> Bytes { get; }

    /// <summary>A tensor whose elements are held in memory.</summary>
    public static TensorData FromBytes(DataType type, long[] dims, byte[] bytes) => new InMemory(type, dims, bytes);

    /// <summary>A tensor of floats held in memory.</summary>
    public static TensorData FromFloats(long[] dims, ReadOnlySpan<float> values) =>
        new InMemory(DataType.Float32, dims, MemoryMarshal.AsBytes(values).ToArray());

    /// <summary>A tensor of 64-bit integers held in memory.</summary>
    public static TensorData FromInt64s(long[] dims, ReadOnlySpan<long> values) =>
        new InMemory(DataType.Int64, dims, MemoryMarshal.AsBytes(values).ToArray());

    /// <summary>The elements in place, where <typeparamref name="T"/> is how they are stored (bool as byte).</summary>
    public ReadOnlySpan<T> As<T>()
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(Bytes);

    private sealed class InMemory(DataType type, long[] dims, byte[] bytes) : TensorData(type, dims)
    {
        public override ReadOnlySpan<byte> Bytes => bytes;
    }
}
