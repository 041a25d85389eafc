namespace CompiledBert.Tests.Fuzz;

/// <summary>One field of a protobuf message: a number, or bytes, or a message taken apart.</summary>
internal sealed record WireField(int Number, int WireType, ulong Value, byte[] Bytes, WireMessage? Message)
{
    public WireField Copy() => this with { Bytes = [.. Bytes], Message = Message?.Copy() };
}

/// <summary>
/// A protobuf message as a tree that can be changed and written again. Knows of ONNX only which fields are messages, so that it goes through
/// files that no sound parser would accept.
/// </summary>
internal sealed class WireMessage(string type)
{
    private static readonly Dictionary<(string Type, int Number), string> Messages = new()
    {
        [("Model", 7)] = "Graph",
        [("Model", 8)] = "OperatorSet",
        [("Model", 25)] = "Function",
        [("Function", 7)] = "Node",
        [("Function", 9)] = "OperatorSet",
        [("Graph", 1)] = "Node",
        [("Graph", 5)] = "Tensor",
        [("Graph", 11)] = "ValueInfo",
        [("Graph", 12)] = "ValueInfo",
        [("Graph", 15)] = "SparseTensor",
        [("Node", 5)] = "Attribute",
        [("Attribute", 5)] = "Tensor",
        [("Attribute", 6)] = "Graph",
        [("Attribute", 10)] = "Tensor",
        [("SparseTensor", 1)] = "Tensor",
        [("SparseTensor", 2)] = "Tensor",
        [("Tensor", 13)] = "Entry",
        [("ValueInfo", 2)] = "Type",
        [("Type", 1)] = "TensorType",
        [("TensorType", 2)] = "Shape",
        [("Shape", 1)] = "Dimension",
    };

    public string Type { get; } = type;

    public List<WireField> Fields { get; } = [];

    public WireMessage Copy()
    {
        var copy = new WireMessage(Type);
        copy.Fields.AddRange(Fields.Select(f => f.Copy()));
        return copy;
    }

    /// <summary>Takes a message apart; null where it is not well-formed.</summary>
    public static WireMessage? Parse(ReadOnlySpan<byte> bytes, string type, int depth = 0)
    {
        var message = new WireMessage(type);
        while (bytes.Length > 0)
        {
            if (!ReadVarint(ref bytes, out var tag) || tag >> 3 is 0 or > int.MaxValue)
            {
                return null;
            }

            var (number, wire) = ((int)(tag >> 3), (int)(tag & 7));
            var length = wire switch { 1 => 8ul, 5 => 4ul, _ => 0ul };
            if (wire is not (0 or 1 or 2 or 5) || (wire is 0 or 2 && !ReadVarint(ref bytes, out length)) || (wire != 0 && length > (ulong)bytes.Length))
            {
                return null;
            }

            if (wire == 0)
            {
                message.Fields.Add(new WireField(number, wire, length, [], null));
                continue;
            }

            var content = bytes[..(int)length];
            bytes = bytes[(int)length..];
            var inner = wire == 2 && depth < 50 && Messages.TryGetValue((type, number), out var innerType) ? Parse(content, innerType, depth + 1) : null;
            message.Fields.Add(new WireField(number, wire, 0, inner is null ? content.ToArray() : [], inner));
        }

        return message;
    }

    public byte[] Write()
    {
        using var stream = new MemoryStream();
        Write(stream);
        return stream.ToArray();
    }

    public static void WriteVarint(Stream stream, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            stream.WriteByte((byte)(value | 0x80));
        }

        stream.WriteByte((byte)value);
    }

    private void Write(Stream stream)
    {
        foreach (var field in Fields)
        {
            WriteVarint(stream, ((ulong)field.Number << 3) | (uint)field.WireType);
            if (field.WireType == 0)
            {
                WriteVarint(stream, field.Value);
                continue;
            }

            var content = field.Message?.Write() ?? field.Bytes;
            if (field.WireType == 2)
            {
                WriteVarint(stream, (ulong)content.Length);
            }

            stream.Write(content);
        }
    }

    private static bool ReadVarint(ref ReadOnlySpan<byte> bytes, out ulong value)
    {
        value = 0;
        for (var i = 0; i < 10 && i < bytes.Length; i++)
        {
            value |= (ulong)(bytes[i] & 0x7F) << (7 * i);
            if (bytes[i] < 0x80)
            {
                bytes = bytes[(i + 1)..];
                return true;
            }
        }

        return false;
    }
}
