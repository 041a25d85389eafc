namespace CompiledBert.Compiler.Onnx;

/// <summary>How a protobuf field is encoded.</summary>
internal enum WireType
{
    Varint = 0,
    Fixed64 = 1,
    Bytes = 2,
    GroupStart = 3,
    GroupEnd = 4,
    Fixed32 = 5,
}

/// <summary>Bytes that break the wire format: what and where. The caller knows the file.</summary>
internal sealed class WireException(string what, long position) : Exception(what)
{
    public long Position { get; } = position;
}

/// <summary>Reads protobuf's primitives from a range of a file; every length is checked against the range before it is used.</summary>
internal ref struct WireReader(ReadOnlySpan<byte> file, int start, int end)
{
    private readonly ReadOnlySpan<byte> _file = file;

    /// <summary>Where the range ends.</summary>
    public int End { get; } = end;

    /// <summary>The byte to be read next.</summary>
    public int Position { get; private set; } = start;

    public readonly bool AtEnd => Position >= End;

    /// <summary>A number of 7 bits a byte, low first, in at most ten bytes; longer encodings of a small number are legal.</summary>
    public ulong Varint()
    {
        var from = Position;
        ulong value = 0;
        for (var shift = 0; shift < 70; shift += 7)
        {
            if (Position >= End)
            {
                throw new WireException("a number is cut off", from);
            }

            var next = _file[Position++];
            if (shift == 63 && next > 1)
            {
                break;
            }

            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw new WireException("a number has more than 64 bits", from);
    }

    /// <summary>A field's number and encoding.</summary>
    public (int Field, WireType Type) Tag()
    {
        var from = Position;
        var tag = Varint();
        var field = tag >> 3;
        var type = (int)(tag & 7);
        if (field is 0 or > 536870911)
        {
            throw new WireException($"field number {field} does not exist", from);
        }

        return type <= 5 ? ((int)field, (WireType)type) : throw new WireException($"wire type {type} does not exist", from);
    }

    /// <summary>The length in front of bytes, a message or a packed list, no more than what remains.</summary>
    public int Length(string of)
    {
        var from = Position;
        var length = Varint();
        return length <= (ulong)(End - Position)
            ? (int)length
            : throw new WireException($"{of} claims {length} bytes, only {End - Position} remain", from);
    }

    /// <summary>Steps over bytes.</summary>
    public void Skip(int count, string of)
    {
        if (count > End - Position)
        {
            throw new WireException($"{of} is cut off", Position);
        }

        Position += count;
    }

    /// <summary>Steps over a value of any encoding; groups, an old form of nesting, with all that is in them.</summary>
    public void SkipValue(int field, WireType type, int depth)
    {
        switch (type)
        {
            case WireType.Varint:
                Varint();
                break;
            case WireType.Fixed64:
                Skip(8, "a number of 64 bits");
                break;
            case WireType.Fixed32:
                Skip(4, "a number of 32 bits");
                break;
            case WireType.Bytes:
                Skip(Length($"field {field}"), "a field");
                break;
            case WireType.GroupStart:
                SkipGroup(field, depth + 1);
                break;
            default:
                throw new WireException("a group ends that has not begun", Position);
        }
    }

    private void SkipGroup(int field, int depth)
    {
        if (depth > WireScanner.MaxDepth)
        {
            throw new WireException($"messages are nested deeper than {WireScanner.MaxDepth}", Position);
        }

        while (!AtEnd)
        {
            var from = Position;
            var (inner, type) = Tag();
            if (type == WireType.GroupEnd)
            {
                if (inner != field)
                {
                    throw new WireException($"group {field} is ended as group {inner}", from);
                }

                return;
            }

            SkipValue(inner, type, depth);
        }

        throw new WireException($"group {field} has no end", Position);
    }
}
