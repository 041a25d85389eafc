namespace CompiledBert.Text.Normalization;

/// <summary>
/// What a step made of a piece, in order: each character with its change of length. 0 takes the place of the next character of the text, -n of the next
/// and n more, 1 is inserted.
/// </summary>
internal sealed class Rewriting
{
    private uint[] _codes = new uint[256];
    private int[] _changes = new int[256];
    private int[] _classes = new int[256];

    public int Count { get; private set; }

    public Span<uint> Codes => _codes.AsSpan(0, Count);

    public Span<int> Changes => _changes.AsSpan(0, Count);

    /// <summary>Combining classes, while characters are put in order.</summary>
    public Span<int> Classes => _classes.AsSpan(0, Count);

    public void Clear() => Count = 0;

    public void Truncate(int count) => Count = count;

    public void Add(uint code, int change, int combiningClass = 0)
    {
        if (Count == _codes.Length)
        {
            Array.Resize(ref _codes, Count * 2);
            Array.Resize(ref _changes, Count * 2);
            Array.Resize(ref _classes, Count * 2);
        }

        _codes[Count] = code;
        _changes[Count] = change;
        _classes[Count++] = combiningClass;
    }

    /// <summary>Writes the characters with their ranges.</summary>
    public void WriteTo(TextBuffer output, TextBuffer input, in Piece piece)
    {
        var at = piece.Start;
        for (var i = 0; i < Count; i++)
        {
            var change = _changes[i];
            if (change > 0)
            {
                var isFirst = at == piece.Start;
                output.Add(_codes[i], isFirst ? piece.Origin : input.Starts[at - 1], isFirst ? piece.Origin : input.Ends[at - 1]);
                continue;
            }

            var from = Math.Min(at, piece.End - 1);
            output.Add(_codes[i], input.Starts[from], input.Ends[from]);
            at = Math.Min(piece.End, at + 1 - change);
        }
    }

    public void Trim(int most)
    {
        if (_codes.Length > most)
        {
            (_codes, _changes, _classes, Count) = (new uint[256], new int[256], new int[256], 0);
        }
    }
}
