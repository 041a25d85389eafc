using System.Runtime.CompilerServices;

namespace CompiledBert.Text;

/// <summary>Characters, each with the range of the original text (in UTF-16 units) that it comes from.</summary>
internal sealed class TextBuffer
{
    public uint[] Codes { get; private set; } = new uint[256];

    public int[] Starts { get; private set; } = new int[256];

    public int[] Ends { get; private set; } = new int[256];

    public int Count { get; private set; }

    public void Clear() => Count = 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(uint code, int start, int end)
    {
        var i = Count;
        if (i == Codes.Length)
        {
            Grow(i + 1);
        }

        Codes[i] = code;
        Starts[i] = start;
        Ends[i] = end;
        Count = i + 1;
    }

    /// <summary>Appends characters of another buffer as they are.</summary>
    public void Append(TextBuffer other, int start, int end)
    {
        var count = end - start;
        if (Count + count > Codes.Length)
        {
            Grow(Count + count);
        }

        other.Codes.AsSpan(start, count).CopyTo(Codes.AsSpan(Count));
        other.Starts.AsSpan(start, count).CopyTo(Starts.AsSpan(Count));
        other.Ends.AsSpan(start, count).CopyTo(Ends.AsSpan(Count));
        Count += count;
    }

    /// <summary>Decodes UTF-16; a surrogate without its other half becomes U+FFFD, as in every conversion to UTF-8.</summary>
    public void Decode(ReadOnlySpan<char> text)
    {
        Clear();
        if (text.Length > Codes.Length)
        {
            Grow(text.Length);
        }

        var (codes, starts, ends) = (Codes, Starts, Ends);
        var count = 0;
        for (var i = 0; i < text.Length; i++, count++)
        {
            uint c = text[i];
            var start = i;
            if (c - 0xD800 < 0x800)
            {
                var isPair = c < 0xDC00 && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]);
                c = isPair ? 0x10000 + ((c - 0xD800) << 10) + (text[++i] - 0xDC00u) : Unicode.Characters.Replacement;
            }

            codes[count] = c;
            starts[count] = start;
            ends[count] = i + 1;
        }

        Count = count;
    }

    /// <summary>Gives memory back that an unusually long text took.</summary>
    public void Trim(int most)
    {
        if (Codes.Length > most)
        {
            (Codes, Starts, Ends, Count) = (new uint[256], new int[256], new int[256], 0);
        }
    }

    private void Grow(int least)
    {
        var size = Math.Max(least, Codes.Length * 2);
        var (codes, starts, ends) = (Codes, Starts, Ends);
        Array.Resize(ref codes, size);
        Array.Resize(ref starts, size);
        Array.Resize(ref ends, size);
        (Codes, Starts, Ends) = (codes, starts, ends);
    }
}
