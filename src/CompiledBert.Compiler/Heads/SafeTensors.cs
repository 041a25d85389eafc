using System.Buffers.Binary;
using System.Runtime.InteropServices;
using CompiledBert.Compiler.Tokenizers;

namespace CompiledBert.Compiler.Heads;

/// <summary>
/// A file of tensors in the safetensors format: the length of a JSON header in 64 bits, the header, which gives each tensor's type, shape and place, then the
/// elements.
/// </summary>
internal sealed class SafeTensors
{
    private const int LengthBytes = sizeof(ulong);

    private readonly byte[] _bytes;
    private readonly int _dataAt;
    private readonly JsonPart _header;

    private SafeTensors(byte[] bytes, int dataAt, JsonPart header) => (_bytes, _dataAt, _header) = (bytes, dataAt, header);

    /// <summary>Opens a file.</summary>
    public static SafeTensors Open(string path)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw DiagnosticTable.FileInaccessible.Error(path, null, exception.Message);
        }

        var length = bytes.Length < LengthBytes ? ulong.MaxValue : BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        return length <= (ulong)Math.Max(0, bytes.Length - LengthBytes)
            ? new SafeTensors(bytes, LengthBytes + (int)length, JsonPart.Parse(path, bytes.AsMemory(LengthBytes, (int)length)))
            : throw DiagnosticTable.InvalidDescription.Error(path, null, "The file", "is no safetensors file, or is cut short");
    }

    /// <summary>Whether there is a tensor of a name.</summary>
    public bool Has(string name) => !_header[name].IsNull;

    /// <summary>The elements of a tensor of floats, whichever their width in the file.</summary>
    /// <exception cref="CompileException">There is none, or its shape is another one.</exception>
    public float[] Floats(string name, params ReadOnlySpan<int> shape)
    {
        var tensor = _header[name];
        var dims = tensor["shape"].Items().Select(d => d.Number()).ToArray();
        if (!shape.SequenceEqual(dims))
        {
            throw tensor["shape"].Invalid($"is [{string.Join(", ", dims)}], and the configuration beside it wants [{string.Join(", ", shape.ToArray())}]");
        }

        var elements = dims.Aggregate(1L, (product, d) => product * d);
        return tensor["dtype"].Text() switch
        {
            "F32" => [.. MemoryMarshal.Cast<byte, float>(Data(tensor, elements, sizeof(float)))],
            "F64" => Convert<double>(tensor, elements, d => (float)d),
            "F16" => Convert<Half>(tensor, elements, h => (float)h),
            "BF16" => Convert<ushort>(tensor, elements, b => BitConverter.UInt32BitsToSingle((uint)b << 16)),
            var other => throw tensor["dtype"].Invalid($"is {other}; F32, F64, F16 and BF16 are known"),
        };
    }

    private float[] Convert<T>(JsonPart tensor, long elements, Func<T, float> convert)
        where T : unmanaged
    {
        var data = MemoryMarshal.Cast<byte, T>(Data(tensor, elements, Marshal.SizeOf<T>()));
        var floats = new float[data.Length];
        for (var i = 0; i < floats.Length; i++)
        {
            floats[i] = convert(data[i]);
        }

        return floats;
    }

    private ReadOnlySpan<byte> Data(JsonPart tensor, long elements, int size)
    {
        var offsets = tensor["data_offsets"];
        return offsets.Items() is [var from, var to]
            && from.Number() is var start and >= 0 && to.Number() is var end
            && end - (long)start == elements * size && end <= _bytes.Length - _dataAt
            ? _bytes.AsSpan(_dataAt + start, end - start)
            : throw offsets.Invalid("are no place in the file of as many bytes as the shape needs; the file may be cut short");
    }
}
