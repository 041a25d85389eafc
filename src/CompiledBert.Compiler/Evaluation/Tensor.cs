using System.Buffers.Binary;
using System.Runtime.InteropServices;
using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Evaluation;

/// <summary>
/// The elements of one value while a graph is evaluated, row-major. Floating point of every width is held in 32 bits,
/// integers and truth values in 64, so that there are two kinds of loops and not sixteen.
/// </summary>
public sealed class Tensor
{
    private readonly float[]? _floats;
    private readonly long[]? _integers;

    private Tensor(DataType type, long[] dims, float[]? floats, long[]? integers)
    {
        var count = dims.Aggregate(1L, (product, dim) => checked(product * dim));
        if (count != (floats?.LongLength ?? integers!.LongLength))
        {
            throw new ArgumentException($"[{string.Join(',', dims)}] has {count} elements, not {floats?.LongLength ?? integers!.LongLength}.");
        }

        Type = type;
        Dims = dims;
        _floats = floats;
        _integers = integers;
    }

    /// <summary>The element type in the graph.</summary>
    public DataType Type { get; }

    /// <summary>The lengths of the axes.</summary>
    public long[] Dims { get; }

    /// <summary>How many axes there are.</summary>
    public int Rank => Dims.Length;

    /// <summary>How many elements there are.</summary>
    public int Count => _floats?.Length ?? _integers!.Length;

    /// <summary>Whether the elements are floating point.</summary>
    public bool IsFloat => _floats is not null;

    /// <summary>The elements, where they are floating point; throws elsewhere.</summary>
    public float[] Floats => _floats ?? throw new InvalidOperationException($"The elements are {Type}.");

    /// <summary>The elements, where they are integers or truth values (0 or 1); throws elsewhere.</summary>
    public long[] Integers => _integers ?? throw new InvalidOperationException($"The elements are {Type}.");

    /// <summary>A tensor of floats, which are not copied.</summary>
    public static Tensor Of(long[] dims, float[] values) => new(DataType.Float32, dims, values, null);

    /// <summary>A tensor of 64-bit integers, which are not copied.</summary>
    public static Tensor Of(long[] dims, long[] values) => new(DataType.Int64, dims, null, values);

    /// <summary>A tensor of any type from elements as they are held here.</summary>
    public static Tensor Of(DataType type, long[] dims, Array values) => new(type, dims, values as float[], values as long[]);

    /// <summary>The elements of a constant, widened.</summary>
    public static Tensor Of(TensorData data)
    {
        var dims = data.Dims.ToArray();
        return data.Type.IsFloat() ? new Tensor(data.Type, dims, data.ToFloats(), null) : new Tensor(data.Type, dims, null, ReadIntegers(data));
    }

    /// <summary>The elements as a constant of this type.</summary>
    public TensorData ToData() => TensorData.FromBytes(Type, Dims, ToBytes());

    /// <summary>The elements as a constant of this type holds them.</summary>
    public byte[] ToBytes()
    {
        var bits = Type.BitsOf();
        var bytes = new byte[((long)Count * bits + 7) / 8];
        if (Type == DataType.Float32)
        {
            MemoryMarshal.AsBytes(_floats.AsSpan()).CopyTo(bytes);
            return bytes;
        }

        for (var i = 0; i < Count; i++)
        {
            var at = bytes.AsSpan((int)((long)i * bits / 8));
            switch (Type)
            {
                case DataType.Float64: BinaryPrimitives.WriteDoubleLittleEndian(at, _floats![i]); break;
                case DataType.Float16: BinaryPrimitives.WriteHalfLittleEndian(at, (Half)_floats![i]); break;
                case DataType.BFloat16: BinaryPrimitives.WriteInt16LittleEndian(at, (short)(BitConverter.SingleToInt32Bits(_floats![i]) >> 16)); break;
                case DataType.Int4 or DataType.UInt4: at[0] |= (byte)((_integers![i] & 15) << (i % 2 * 4)); break;
                default: WriteInteger(at, _integers![i], bits); break;
            }
        }

        return bytes;
    }

    /// <summary>The same elements under other lengths.</summary>
    public Tensor Reshaped(long[] dims) => new(Type, dims, _floats, _integers);

    /// <summary>The same elements called another type of the same kind.</summary>
    public Tensor Retyped(DataType type) => new(type, Dims, _floats, _integers);

    /// <summary>Elements picked by position, as a tensor of the given lengths.</summary>
    public Tensor Take(long[] dims, int[] positions) =>
        _floats is not null ? new Tensor(Type, dims, Pick(_floats, positions), null) : new Tensor(Type, dims, null, Pick(_integers!, positions));

    private static T[] Pick<T>(T[] source, int[] positions)
    {
        var result = new T[positions.Length];
        for (var i = 0; i < result.Length; i++)
        {
            result[i] = source[positions[i]];
        }

        return result;
    }

    private static long[] ReadIntegers(TensorData data)
    {
        var result = new long[data.Count];
        var bytes = data.Bytes;
        for (var i = 0; i < result.Length; i++)
        {
            result[i] = data.Type switch
            {
                DataType.Bool => bytes[i] != 0 ? 1 : 0,
                DataType.Int4 => (sbyte)(bytes[i / 2] << (i % 2 == 0 ? 4 : 0)) >> 4,
                DataType.UInt4 => (bytes[i / 2] >> (i % 2 * 4)) & 15,
                DataType.Int8 => (sbyte)bytes[i],
                DataType.UInt8 => bytes[i],
                DataType.Int16 => BinaryPrimitives.ReadInt16LittleEndian(bytes[(i * 2)..]),
                DataType.UInt16 => BinaryPrimitives.ReadUInt16LittleEndian(bytes[(i * 2)..]),
                DataType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(bytes[(i * 4)..]),
                DataType.UInt32 => BinaryPrimitives.ReadUInt32LittleEndian(bytes[(i * 4)..]),
                DataType.Int64 or DataType.UInt64 => BinaryPrimitives.ReadInt64LittleEndian(bytes[(i * 8)..]),
                _ => throw new NotSupportedException($"{data.Type} has no elements to compute with."),
            };
        }

        return result;
    }

    private static void WriteInteger(Span<byte> at, long value, int bits)
    {
        Span<byte> whole = stackalloc byte[8];
        MemoryMarshal.Write(whole, value);
        whole[..(bits / 8)].CopyTo(at);
    }
}
