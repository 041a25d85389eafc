namespace CompiledBert.Text;

/// <summary>
/// A stretch of the text on its way to tokens: characters <see cref="Start"/> to <see cref="End"/> of the current buffer, or an added token that was
/// found already.
/// </summary>
internal struct Piece
{
    public int Start;
    public int End;

    /// <summary>Where the piece begins in the original text.</summary>
    public int Origin;

    /// <summary>The id of an added token; -1 for text that is yet to be tokenized.</summary>
    public int TokenId;

    public readonly bool IsToken => TokenId >= 0;

    public readonly int Length => End - Start;
}

/// <summary>A list of pieces whose memory is used again.</summary>
internal sealed class PieceList
{
    private Piece[] _items = new Piece[64];

    public int Count { get; private set; }

    public Span<Piece> Items => _items.AsSpan(0, Count);

    public void Clear() => Count = 0;

    public void Add(int start, int end, int origin, int tokenId = -1)
    {
        if (Count == _items.Length)
        {
            Array.Resize(ref _items, Count * 2);
        }

        _items[Count++] = new Piece { Start = start, End = end, Origin = origin, TokenId = tokenId };
    }

    /// <summary>Gives memory back that an unusually long text took.</summary>
    public void Trim(int most)
    {
        if (_items.Length > most)
        {
            (_items, Count) = (new Piece[64], 0);
        }
    }

    public void Add(in Piece piece) => Add(piece.Start, piece.End, piece.Origin, piece.TokenId);
}
