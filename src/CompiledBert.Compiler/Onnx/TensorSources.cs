using System.Buffers.Binary;
using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Onnx;

/// <summary>Elements that lie in a mapped file just as they are used.</summary>
internal sealed class MappedTensor(DataType type, long[] dims, MappedFile file, long offset) : TensorData(type, dims)
{
    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Bytes => file.Slice(offset, checked((int)ByteLength));
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
