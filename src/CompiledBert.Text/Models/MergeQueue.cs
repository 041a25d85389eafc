namespace CompiledBert.Text.Models;

/// <summary>Merges that may be done, least rank first, leftmost first among equals: a binary heap of rank and place in one number.</summary>
internal ref struct MergeQueue(Span<ulong> memory)
{
    private readonly Span<ulong> _items = memory;
    private int _count;

    public void Add(int rank, int place)
    {
        var item = ((ulong)rank << 32) | (uint)place;
        var i = _count++;
        while (i > 0 && _items[(i - 1) / 2] > item)
        {
            _items[i] = _items[(i - 1) / 2];
            i = (i - 1) / 2;
        }

        _items[i] = item;
    }

    public bool TryTake(out int rank, out int place)
    {
        if (_count == 0)
        {
            (rank, place) = (0, 0);
            return false;
        }

        (rank, place) = ((int)(_items[0] >> 32), (int)_items[0]);
        var last = _items[--_count];
        var i = 0;
        for (var child = 1; child < _count; child = (2 * i) + 1)
        {
            if (child + 1 < _count && _items[child + 1] < _items[child])
            {
                child++;
            }

            if (_items[child] >= last)
            {
                break;
            }

            _items[i] = _items[child];
            i = child;
        }

        _items[i] = last;
        return true;
    }
}
