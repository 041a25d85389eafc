using System.Buffers.Binary;
using System.Runtime.InteropServices;
using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Onnx;

/// <summary>Elements that lie in a mapped file just as they are used.</summary>
internal sealed class MappedTensor(DataType type, long[] dims, MappedFile file, long offset) : TensorData(type, dims)
{
    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Bytes => file.Slice(offset, checked((int)ByteLength));
}

/// <summary>Rows and columns of a constant swapped when it is read.</summary>
internal static class TransposedTensor
{
    /// <summary>A matrix's transpose; elements take whole bytes.</summary>
    public static TensorData Of(TensorData source) => TensorData.Derived(source.Type, [source.Dims[1], source.Dims[0]], () => Transpose(source), Recipe.Of(nameof(Transpose), source.Identity));

    private static byte[] Transpose(TensorData source)
    {
        var (rows, columns) = (checked((int)source.Dims[0]), checked((int)source.Dims[1]));
        var result = new byte[source.ByteLength];
        switch (source.Type.BitsOf())
        {
            case 8: Swap(source.Bytes, result, rows, columns); break;
            case 16: Swap(source.As<short>(), MemoryMarshal.Cast<byte, short>(result.AsSpan()), rows, columns); break;
            case 32: Swap(source.As<int>(), MemoryMarshal.Cast<byte, int>(result.AsSpan()), rows, columns); break;
            default: Swap(source.As<long>(), MemoryMarshal.Cast<byte, long>(result.AsSpan()), rows, columns); break;
        }

        return result;
    }

    private static void Swap<T>(ReadOnlySpan<T> source, Span<T> result, int rows, int columns)
    {
        // Square blocks, so that both sides stay in the cache.
        const int Block = 32;
        for (var top = 0; top < rows; top += Block)
        {
            for (var left = 0; left < columns; left += Block)
            {
                for (var row = top; row < Math.Min(rows, top + Block); row++)
                {
                    for (var column = left; column < Math.Min(columns, left + Block); column++)
                    {
                        result[(column * rows) + row] = source[(row * columns) + column];
                    }
                }
            }
        }
    }
}

/// <summary>Elements in a typed field of the model file: float_data, int32_data and so on.</summary>
internal static class TypedField
{
    /// <summary>The elements as raw data would hold them.</summary>
    public static byte[] Decode(MappedFile file, TensorPayload payload, int elementType, long bytes)
    {
        var result = new byte[bytes];
        var output = result.AsSpan();
        var size = Math.Max(1, ElementTypes.BitsOf(elementType) / 8);
        size = elementType is 14 or 15 ? size / 2 : size;
        Span<byte> element = stackalloc byte[8];
        foreach (var run in payload.Runs)
        {
            if (run.Packed && payload.Field is PayloadField.FloatData or PayloadField.DoubleData)
            {
                file.Slice(run.Start, run.End - run.Start).CopyTo(output);
                output = output[(run.End - run.Start)..];
                continue;
            }

            var whole = file.Slice(0, run.End);
            var reader = new WireReader(whole, run.Start, run.End);
            while (!reader.AtEnd)
            {
                var wire = run.Packed ? WireType.Varint : reader.Tag().Type;
                if (wire == WireType.Varint)
                {
                    BinaryPrimitives.WriteUInt64LittleEndian(element, reader.Varint());
                    element[..size].CopyTo(output);
                }
                else
                {
                    whole.Slice(reader.Position, size).CopyTo(output);
                    reader.Skip(size, "an element");
                }

                output = output[size..];
            }
        }

        return result;
    }
}
