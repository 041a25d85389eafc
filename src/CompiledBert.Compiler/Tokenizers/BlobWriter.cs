using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using CompiledBert.Text.Blob;

namespace CompiledBert.Compiler.Tokenizers;

/// <summary>Writes the blob that <see cref="BlobReader"/> reads: numbers in order, tables behind them.</summary>
internal sealed class BlobWriter
{
    private const int Alignment = 8;

    private readonly List<int> _numbers = [];
    private readonly List<(int At, byte[] Bytes)> _tables = [];

    public void Number(int value) => _numbers.Add(value);

    public void Flag(bool value) => _numbers.Add(value ? 1 : 0);

    public void Kind<T>(T kind)
        where T : struct, Enum => _numbers.Add(Convert.ToInt32(kind, System.Globalization.CultureInfo.InvariantCulture));

    public void Real(double value)
    {
        var bits = BitConverter.DoubleToInt64Bits(value);
        Number((int)bits);
        Number((int)(bits >> 32));
    }

    /// <summary>A number of items, then each.</summary>
    public void Numbers(IReadOnlyCollection<int> values)
    {
        Number(values.Count);
        _numbers.AddRange(values);
    }

    /// <summary>A text by code points.</summary>
    public void Text(string text) => Numbers([.. text.EnumerateRunes().Select(r => r.Value)]);

    /// <summary>A table behind the numbers, and here where it begins.</summary>
    public void Table<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        _tables.Add((_numbers.Count, MemoryMarshal.AsBytes(values).ToArray()));
        Number(0);
    }

    /// <summary>The blob, header first.</summary>
    public byte[] ToArray()
    {
        long length = BlobFormat.HeaderBytes + (_numbers.Count * sizeof(int));
        foreach (var (at, bytes) in _tables)
        {
            length = (length + Alignment - 1) & -Alignment;
            _numbers[at] = checked((int)length);
            length += bytes.Length;
        }

        var blob = new byte[length];
        BlobFormat.Magic.CopyTo(blob);
        BinaryPrimitives.WriteInt64LittleEndian(blob.AsSpan(BlobFormat.LengthAt), length);
        for (var i = 0; i < _numbers.Count; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(blob.AsSpan(BlobFormat.HeaderBytes + (i * sizeof(int))), _numbers[i]);
        }

        foreach (var (at, bytes) in _tables)
        {
            bytes.CopyTo(blob, _numbers[at]);
        }

        SHA256.HashData(blob.AsSpan(BlobFormat.HeaderBytes), blob.AsSpan(BlobFormat.HashAt, BlobFormat.HashBytes));
        return blob;
    }
}
