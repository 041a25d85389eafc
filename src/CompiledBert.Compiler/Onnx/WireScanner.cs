using System.Buffers;
using System.Text.Unicode;
using Google.Protobuf.Reflection;

namespace CompiledBert.Compiler.Onnx;

/// <summary>
/// Walks the whole file as protobuf, along the schema in onnx.proto, and checks all of it: tags, numbers, lengths against what they lie in, nesting, text.
/// It writes a reduced copy, which holds what the schema names without the tensors' data, so that parsing costs memory for the structure only;
/// the data's places are recorded instead.
/// </summary>
internal ref struct WireScanner
{
    /// <summary>Messages within messages; protobuf's own limit.</summary>
    public const int MaxDepth = 100;

    /// <summary>Messages in a model. Empty ones take two bytes in the file and a hundred times that in memory.</summary>
    private const int MaxMessages = 1_000_000;

    private readonly ReadOnlySpan<byte> _file;
    private readonly List<TensorPayload> _payloads = [];
    private readonly List<ArrayBufferWriter<byte>> _levels = [];
    private int _messages;

    private WireScanner(ReadOnlySpan<byte> file) => _file = file;

    /// <summary>Scans a file that begins with a message of the given type. Throws <see cref="WireException"/>.</summary>
    public static (ReadOnlyMemory<byte> Reduced, IReadOnlyList<TensorPayload> Payloads) Scan(ReadOnlySpan<byte> file, MessageDescriptor type)
    {
        var scanner = new WireScanner(file);
        var reduced = scanner.Message(type, 0, file.Length, 0);
        return (reduced.WrittenMemory, scanner._payloads);
    }

    private ArrayBufferWriter<byte> Message(MessageDescriptor type, int start, int end, int depth)
    {
        if (depth >= MaxDepth)
        {
            throw new WireException($"messages are nested deeper than {MaxDepth}", start);
        }

        if (++_messages > MaxMessages)
        {
            throw new WireException($"the model has more than {MaxMessages} parts", start);
        }

        if (depth == _levels.Count)
        {
            _levels.Add(new ArrayBufferWriter<byte>());
        }

        var output = _levels[depth];
        output.ResetWrittenCount();
        TensorPayload? payload = null;
        var reader = new WireReader(_file, start, end);
        while (!reader.AtEnd)
        {
            var from = reader.Position;
            var (number, wire) = reader.Tag();
            if (type.FindFieldByNumber(number) is not { } field || field.FieldNumber == Schema.TensorProto.PayloadFieldNumber)
            {
                reader.SkipValue(number, wire, depth);
            }
            else if (IsPayload(type, number))
            {
                Payload(payload ??= new TensorPayload(), field, from, wire, ref reader);
            }
            else
            {
                Field(field, wire, ref reader, output, depth);
            }
        }

        if (payload is not null)
        {
            WriteVarint(output, ((uint)Schema.TensorProto.PayloadFieldNumber << 3) | (uint)WireType.Varint);
            WriteVarint(output, (ulong)_payloads.Count);
            _payloads.Add(payload);
        }

        return output;
    }

    private void Field(FieldDescriptor field, WireType wire, ref WireReader reader, ArrayBufferWriter<byte> output, int depth)
    {
        var from = reader.Position;
        if (wire != Encoding(field) && !(wire == WireType.Bytes && field.IsRepeated && Encoding(field) != WireType.Bytes))
        {
            throw new WireException($"field {field.ContainingType.Name}.{field.Name} is encoded as {wire}", from);
        }

        if (wire == WireType.Bytes)
        {
            var length = reader.Length($"{field.ContainingType.Name}.{field.Name}");
            var start = reader.Position;
            reader.Skip(length, field.Name);
            WriteVarint(output, ((uint)field.FieldNumber << 3) | (uint)wire);
            if (field.FieldType == FieldType.Message)
            {
                var inner = Message(field.MessageType, start, start + length, depth + 1).WrittenSpan;
                WriteVarint(output, (ulong)inner.Length);
                output.Write(inner);
                return;
            }

            if (field.FieldType == FieldType.String && !Utf8.IsValid(_file.Slice(start, length)))
            {
                throw new WireException($"{field.ContainingType.Name}.{field.Name} is not valid UTF-8", start);
            }

            if (Encoding(field) != WireType.Bytes)
            {
                CountPacked(field, start, start + length);
            }

            WriteVarint(output, (ulong)length);
            output.Write(_file.Slice(start, length));
            return;
        }

        reader.SkipValue(field.FieldNumber, wire, depth);
        WriteVarint(output, ((uint)field.FieldNumber << 3) | (uint)wire);
        output.Write(_file[from..reader.Position]);
    }

    private readonly void Payload(TensorPayload payload, FieldDescriptor field, int tagStart, WireType wire, ref WireReader reader)
    {
        var kind = (PayloadField)field.FieldNumber;
        if (wire == WireType.Bytes)
        {
            var length = reader.Length($"TensorProto.{field.Name}");
            var start = reader.Position;
            reader.Skip(length, field.Name);
            var count = kind switch
            {
                PayloadField.RawData => length,
                PayloadField.StringData => 1,
                _ => CountPacked(field, start, start + length),
            };

            // Texts are counted, not read; the tag makes an empty one count too.
            payload.Add(kind, new PayloadRun(kind == PayloadField.StringData ? tagStart : start, start + length, true), count, tagStart);
            return;
        }

        if (wire != Encoding(field))
        {
            throw new WireException($"field TensorProto.{field.Name} is encoded as {wire}", tagStart);
        }

        reader.SkipValue(field.FieldNumber, wire, 0);
        payload.Add(kind, new PayloadRun(tagStart, reader.Position, false), 1, tagStart);
    }

    /// <summary>The number of elements in a packed list, each of which is whole.</summary>
    private readonly long CountPacked(FieldDescriptor field, int start, int end)
    {
        var size = Encoding(field) switch { WireType.Fixed32 => 4, WireType.Fixed64 => 8, _ => 0 };
        if (size > 0)
        {
            return (end - start) % size == 0
                ? (end - start) / size
                : throw new WireException($"{field.ContainingType.Name}.{field.Name} has {end - start} bytes, not a multiple of {size}", start);
        }

        var count = 0L;
        for (var elements = new WireReader(_file, start, end); !elements.AtEnd; count++)
        {
            elements.Varint();
        }

        return count;
    }

    private static bool IsPayload(MessageDescriptor type, int field) =>
        ReferenceEquals(type, Schema.TensorProto.Descriptor) && Enum.IsDefined((PayloadField)field);

    private static WireType Encoding(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.Float => WireType.Fixed32,
        FieldType.Double => WireType.Fixed64,
        FieldType.String or FieldType.Bytes or FieldType.Message => WireType.Bytes,
        _ => WireType.Varint,
    };

    private static void WriteVarint(ArrayBufferWriter<byte> output, ulong value)
    {
        var span = output.GetSpan(10);
        var length = 0;
        for (; value >= 0x80; value >>= 7)
        {
            span[length++] = (byte)(value | 0x80);
        }

        span[length++] = (byte)value;
        output.Advance(length);
    }
}
