namespace CompiledBert.Text.Unicode;

/// <summary>Code points as UTF-8.</summary>
internal static class Utf8
{
    /// <summary>Writes a code point; returns how many bytes it takes.</summary>
    public static int Encode(uint c, Span<byte> bytes)
    {
        switch (c)
        {
            case < 0x80:
                bytes[0] = (byte)c;
                return 1;
            case < 0x800:
                bytes[1] = (byte)(0x80 | (c & 0x3F));
                bytes[0] = (byte)(0xC0 | (c >> 6));
                return 2;
            case < 0x10000:
                bytes[2] = (byte)(0x80 | (c & 0x3F));
                bytes[1] = (byte)(0x80 | ((c >> 6) & 0x3F));
                bytes[0] = (byte)(0xE0 | (c >> 12));
                return 3;
            default:
                bytes[3] = (byte)(0x80 | (c & 0x3F));
                bytes[2] = (byte)(0x80 | ((c >> 6) & 0x3F));
                bytes[1] = (byte)(0x80 | ((c >> 12) & 0x3F));
                bytes[0] = (byte)(0xF0 | (c >> 18));
                return 4;
        }
    }

    /// <summary>How many bytes a code point takes.</summary>
    public static int Length(uint c) => c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
}
