namespace CompiledBert.Text;

/// <summary>A text of more tokens than the model takes, in parts: each with what stands around the whole, and with the prefix where there is one.</summary>
internal sealed class TextWindows
{
    private readonly TokenizedText _text;
    private readonly int _before;
    private readonly int _behind;
    private readonly int[] _ids;
    private readonly int[] _typeIds;

    /// <param name="text">The text.</param>
    /// <param name="most">The most tokens of a part, those around it included.</param>
    /// <param name="prefixCharacters">How many characters of the text are its prefix.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no room for a single token of the text.</exception>
    public TextWindows(TokenizedText text, int most, int prefixCharacters = 0)
    {
        _text = text;
        _before = text.Texts.IndexOf((sbyte)0);
        _behind = text.Count - 1 - text.Texts.LastIndexOf((sbyte)0);
        while (prefixCharacters > 0 && _before < text.Count - _behind - 1 && text.Ranges[_before].End <= prefixCharacters)
        {
            _before++;
        }

        Room = most - _before - _behind;
        ArgumentOutOfRangeException.ThrowIfLessThan(Room, 1, nameof(most));
        (_ids, _typeIds) = (new int[most], new int[most]);
    }

    /// <summary>Tokens before the text's own.</summary>
    public int Before => _before;

    /// <summary>Tokens of the text's own.</summary>
    public int All => _text.Count - _before - _behind;

    /// <summary>Tokens of the text's own that a part has room for.</summary>
    public int Room { get; }

    /// <summary>Parts of like length that cover the text, none shared.</summary>
    public int Parts => (All + Room - 1) / Room;

    /// <summary>Ids of the part that was taken last.</summary>
    public ReadOnlySpan<int> Ids => _ids.AsSpan(0, Count);

    /// <summary>Types of the part that was taken last.</summary>
    public ReadOnlySpan<int> TypeIds => _typeIds.AsSpan(0, Count);

    private int Count { get; set; }

    /// <summary>Takes one of <see cref="Parts"/>. Returns how many tokens of the text it has.</summary>
    public int TakePart(int part)
    {
        var from = (int)((long)part * All / Parts);
        var to = (int)((long)(part + 1) * All / Parts);
        Take(from, to - from);
        return to - from;
    }

    /// <summary>Takes so many tokens of the text's own from a place on.</summary>
    public void Take(int from, int held)
    {
        Count = _before + held + _behind;
        Copy(_text.Ids, _ids, from, held);
        Copy(_text.TypeIds, _typeIds, from, held);
    }

    private void Copy(ReadOnlySpan<int> all, Span<int> part, int from, int held)
    {
        all[.._before].CopyTo(part);
        all.Slice(_before + from, held).CopyTo(part[_before..]);
        all[^_behind..].CopyTo(part[(_before + held)..]);
    }
}
