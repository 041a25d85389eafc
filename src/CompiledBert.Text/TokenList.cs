namespace CompiledBert.Text;

/// <summary>Tokens of a text before special ones are put around them.</summary>
internal sealed class TokenList
{
    private Token[] _items = new Token[64];

    /// <summary>A token.</summary>
    /// <param name="Id">Its id.</param>
    /// <param name="Start">Where it begins in the original text, in UTF-16 units.</param>
    /// <param name="End">Where it ends.</param>
    /// <param name="Word">Which piece of the text, or which of several words, it belongs to.</param>
    internal record struct Token(int Id, int Start, int End, int Word);

    public int Count { get; private set; }

    public Span<Token> Items => _items.AsSpan(0, Count);

    public void Clear() => Count = 0;

    /// <summary>Gives memory back that an unusually long text took.</summary>
    public void Trim(int most)
    {
        if (_items.Length > most)
        {
            (_items, Count) = (new Token[64], 0);
        }
    }

    public void Add(int id, int start, int end, int word)
    {
        if (Count == _items.Length)
        {
            Array.Resize(ref _items, Count * 2);
        }

        _items[Count++] = new Token(id, start, end, word);
    }
}
