using System.Runtime.InteropServices;
using CompiledBert.Compiler;

namespace CompiledBert.Cli.Sessions;

/// <summary>Reads and writes single elements of tensors by type.</summary>
internal static class Elements
{
    /// <summary>An element of any type as a number.</summary>
    public static double Float(DataType type, ReadOnlySpan<byte> bytes, int index) => type switch
    {
        DataType.Float32 => At<float>(bytes, index),
        DataType.Float64 => At<double>(bytes, index),
        DataType.Float16 => (double)At<Half>(bytes, index),
        DataType.BFloat16 => BitConverter.Int32BitsToSingle(At<ushort>(bytes, index) << 16),
        _ => Integer(type, bytes, index),
    };

    /// <summary>An element of an integer type, or a truth value as 0 or 1.</summary>
    public static long Integer(DataType type, ReadOnlySpan<byte> bytes, int index) => type switch
    {
        DataType.Int8 => At<sbyte>(bytes, index),
        DataType.UInt8 => At<byte>(bytes, index),
        DataType.Bool => At<byte>(bytes, index) == 0 ? 0 : 1,
        DataType.Int16 => At<short>(bytes, index),
        DataType.UInt16 => At<ushort>(bytes, index),
        DataType.Int32 => At<int>(bytes, index),
        DataType.UInt32 => At<uint>(bytes, index),
        DataType.Int64 or DataType.UInt64 => At<long>(bytes, index),
        _ => throw Unsupported(type),
    };

    public static void SetFloat(DataType type, Span<byte> bytes, int index, double value)
    {
        switch (type)
        {
            case DataType.Float32:
                MemoryMarshal.Cast<byte, float>(bytes)[index] = (float)value;
                break;
            case DataType.Float64:
                MemoryMarshal.Cast<byte, double>(bytes)[index] = value;
                break;
            default:
                SetInteger(type, bytes, index, (long)value);
                break;
        }
    }

    public static void SetInteger(DataType type, Span<byte> bytes, int index, long value)
    {
        switch (type)
        {
            case DataType.Int8 or DataType.UInt8:
                bytes[index] = unchecked((byte)value);
                break;
            case DataType.Bool:
                bytes[index] = value == 0 ? (byte)0 : (byte)1;
                break;
            case DataType.Int16 or DataType.UInt16:
                MemoryMarshal.Cast<byte, short>(bytes)[index] = unchecked((short)value);
                break;
            case DataType.Int32 or DataType.UInt32:
                MemoryMarshal.Cast<byte, int>(bytes)[index] = unchecked((int)value);
                break;
            case DataType.Int64 or DataType.UInt64:
                MemoryMarshal.Cast<byte, long>(bytes)[index] = value;
                break;
            default:
                throw Unsupported(type);
        }
    }

    private static T At<T>(ReadOnlySpan<byte> bytes, int index)
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(bytes)[index];

    private static NotSupportedException Unsupported(DataType type) => new($"Tensors of {type} cannot be passed to a model.");
}
