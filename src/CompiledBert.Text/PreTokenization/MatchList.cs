namespace CompiledBert.Text.PreTokenization;

/// <summary>Stretches that follow one another and cover a text, each a match or what lies between matches.</summary>
internal sealed class MatchList
{
    private (int Start, int End, bool IsMatch)[] _items = new (int, int, bool)[256];

    public int Count { get; private set; }

    public ref (int Start, int End, bool IsMatch) this[int index] => ref _items[index];

    public void Clear() => Count = 0;

    public void Truncate(int count) => Count = count;

    public void Add(int start, int end, bool isMatch)
    {
        if (Count == _items.Length)
        {
            Array.Resize(ref _items, Count * 2);
        }

        _items[Count++] = (start, end, isMatch);
    }

    public void Trim(int most)
    {
        if (_items.Length > most)
        {
            (_items, Count) = (new (int, int, bool)[256], 0);
        }
    }
}
