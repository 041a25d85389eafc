using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using CompiledBert.Compiler.Fusion;
using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Packing;

/// <summary>
/// Writes constants into the blob in the order in which the kernels read them: matrices in panels of 16 columns, <c>[⌈N/16⌉][K][16]</c>, the one order
/// that suits every instruction set, those of 8-bit integers likewise (<see cref="IntegerPanels"/>); the rest row-major. Each begins at a multiple of 64 bytes.
/// </summary>
internal sealed class WeightPacker
{
    /// <summary>Bytes before the first constant: magic, length, hash.</summary>
    public const int HeaderBytes = 64;

    private const int Alignment = 64;
    private const int PartBytes = 1 << 16;

    private readonly List<WeightRequest> _distinct = [];

    private readonly byte[] _trailer;

    /// <param name="requests">The constants.</param>
    /// <param name="trailer">What follows them as it is, such as a compiled tokenizer.</param>
    /// <param name="areUnknown">Whether nobody knows the elements: then each is taken to differ from all others, and nothing can be written.</param>
    public WeightPacker(IReadOnlyList<WeightRequest> requests, byte[]? trailer = null, bool areUnknown = false)
    {
        _trailer = trailer ?? [];
        var offsets = new long[requests.Count];
        int[] first = areUnknown ? [.. Enumerable.Range(0, requests.Count)] : FirstOfEqual(requests);
        long end = HeaderBytes;
        for (var i = 0; i < offsets.Length; i++)
        {
            if (first[i] < i)
            {
                offsets[i] = offsets[first[i]];
                continue;
            }

            _distinct.Add(requests[i]);
            offsets[i] = end;
            end = Align(end + BytesOf(requests[i]));
        }

        Offsets = offsets;
        TrailerAt = end;
        Length = Align(end + _trailer.Length);
    }

    /// <summary>Byte offset of each constant in the blob.</summary>
    public IReadOnlyList<long> Offsets { get; }

    /// <summary>Where the trailer begins.</summary>
    public long TrailerAt { get; }

    /// <summary>Bytes of the whole blob.</summary>
    public long Length { get; }

    /// <summary>Type of a constant in the blob and its number of elements.</summary>
    public static (DataType Type, long Elements) ShapeOf(WeightRequest request) =>
        (FusionContext.Storage(request.Data.Type), BytesOf(request) * 8 / FusionContext.Storage(request.Data.Type).BitsOf());

    /// <summary>SHA-256 of what follows the header.</summary>
    public byte[] ComputeHash()
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        WriteBody(sha.AppendData);
        return sha.GetHashAndReset();
    }

    /// <summary>Writes the blob: <c>CBERTW01</c>, its length, the hash, 16 zero bytes, the constants.</summary>
    public void Write(Stream destination, byte[] hash)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        header.Clear();
        "CBERTW01"u8.CopyTo(header);
        BinaryPrimitives.WriteInt64LittleEndian(header[8..], Length);
        hash.CopyTo(header[16..]);
        destination.Write(header);
        WriteBody(destination.Write);
    }

    private delegate void Sink(ReadOnlySpan<byte> bytes);

    private void WriteBody(Sink write)
    {
        Span<byte> zeros = stackalloc byte[Alignment];
        zeros.Clear();
        foreach (var request in _distinct)
        {
            WriteOne(request, write);
            var bytes = BytesOf(request);
            write(zeros[..(int)(Align(bytes) - bytes)]);
        }

        write(_trailer);
        write(zeros[..(int)(Length - TrailerAt - _trailer.Length)]);
    }

    /// <summary>For each constant the first that has the same layout and elements: layers that share weights, tied tables that an exporter copied.</summary>
    private static int[] FirstOfEqual(IReadOnlyList<WeightRequest> requests)
    {
        var first = Enumerable.Range(0, requests.Count).ToArray();
        var alike = first.Where(i => !requests[i].Data.IsUnknown)
            .GroupBy(i => (requests[i].Layout, requests[i].Data.Type, string.Join(',', requests[i].Data.Dims)))
            .Where(g => g.Skip(1).Any());
        foreach (var group in alike.SelectMany(g => g.GroupBy(i => Beginning(requests[i].Data))).Where(g => g.Skip(1).Any()))
        {
            var seen = new Dictionary<string, int>(StringComparer.Ordinal);
            foreach (var i in group)
            {
                var hash = HashOf(requests[i]);
                first[i] = seen.TryGetValue(hash, out var same) ? same : seen[hash] = i;
            }
        }

        return first;
    }

    /// <summary>Most weights differ in their first bytes, and need not be read further to see it.</summary>
    private static string Beginning(TensorData data)
    {
        if (!data.IsDerived)
        {
            return Convert.ToHexString(data.Bytes[..(int)Math.Min(64, data.ByteLength)]);
        }

        if (!data.HasParts || data.Count == 0)
        {
            return "";
        }

        var size = data.Type.BitsOf() / 8;
        var line = new byte[size * Math.Min(64 / size, data.Dims[^1])];
        data.ReadBytes(new MatrixPart(0, 1, 0, line.Length / size), line, line.Length);
        return Convert.ToHexString(line);
    }

    private static string HashOf(WeightRequest request)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        WriteOne(request, sha.AppendData);
        return Convert.ToHexString(sha.GetHashAndReset());
    }

    private static void WriteOne(WeightRequest request, Sink write)
    {
        if (request.Layout == WeightLayout.Panels)
        {
            WritePanels(request.Data, write);
            return;
        }

        if (request.Layout == WeightLayout.IntegerPanels)
        {
            IntegerPanels.Write(request.Data, write.Invoke);
            return;
        }

        WriteRows(request.Data.Type.IsFloat() ? request.Data.ToFloat32() : request.Data, write);
        if (request.Layout == WeightLayout.PaddedVector)
        {
            write(new byte[BytesOf(request) - (request.Data.Count * sizeof(float))]);
        }
    }

    /// <summary>Elements as they are; what is derived in lines of some rows, so that it is never there as a whole.</summary>
    private static void WriteRows(TensorData data, Sink write)
    {
        if (!data.IsDerived || !data.HasParts || data.Count == 0)
        {
            write(data.Bytes);
            return;
        }

        var (width, size) = ((int)data.Dims[^1], data.Type.BitsOf() / 8);
        var (rows, most) = ((int)(data.Count / width), Math.Max(1, PartBytes / (width * size)));
        var lines = new byte[Math.Min(rows, most) * width * size];
        for (var row = 0; row < rows; row += most)
        {
            var count = Math.Min(most, rows - row);
            data.ReadBytes(new MatrixPart(row, count, 0, width), lines, width * size);
            write(lines.AsSpan(0, count * width * size));
        }
    }

    private static void WritePanels(TensorData data, Sink write)
    {
        var (matrix, held) = (data.ToFloat32(), data.Hold());
        var (rows, columns) = ((int)data.Dims[^2], (int)data.Dims[^1]);
        var panel = new float[rows * Panels.Columns];
        for (var top = 0; top < (int)(data.Count / columns); top += rows)
        {
            for (var start = 0; start < columns; start += Panels.Columns)
            {
                panel.AsSpan().Clear();
                matrix.Read(new MatrixPart(top, rows, start, Math.Min(Panels.Columns, columns - start)), panel.AsSpan(), Panels.Columns);
                write(MemoryMarshal.AsBytes<float>(panel));
            }
        }

        GC.KeepAlive(held);
    }

    private static long BytesOf(WeightRequest request) => request.Layout switch
    {
        WeightLayout.IntegerPanels => IntegerPanels.BytesOf(request.Data.Dims[0], request.Data.Dims[1]),
        WeightLayout.Panels =>
            request.Data.Dims.SkipLast(2).Aggregate(Panels.ElementsOf(request.Data.Dims[^2], request.Data.Dims[^1]), (size, dim) => size * dim) * sizeof(float),
        WeightLayout.PaddedVector => Panels.ElementsOf(1, request.Data.Count) * sizeof(float),
        _ => request.Data.Count * FusionContext.Storage(request.Data.Type).BitsOf() / 8,
    };

    private static long Align(long offset) => (offset + Alignment - 1) / Alignment * Alignment;
}
