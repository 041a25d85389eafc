namespace CompiledBert;

/// <summary>The arenas of a model: as many as calls ever ran at the same time, the one used last on top, since it is the one in the cache.</summary>
internal sealed class ArenaPool
{
    private readonly bool _guarded;
    private Latch _latch;
    private Arena? _free;

    /// <summary>An empty pool.</summary>
    /// <param name="guarded">Whether its arenas are filled and marked, for tests.</param>
    public ArenaPool(bool guarded = false) => _guarded = guarded;

    /// <summary>An arena with room for so many bytes, for one call.</summary>
    /// <exception cref="OutOfMemoryException">There is no such amount of memory; nothing is lost to the pool then.</exception>
    public Arena Rent(long bytes)
    {
        _latch.Enter();
        var arena = _free;
        _free = arena?.Next;
        _latch.Exit();

        arena ??= new Arena(_guarded);
        arena.Next = null;
        try
        {
            arena.Prepare(bytes);
        }
        catch
        {
            Push(arena);
            throw;
        }

        return arena;
    }

    /// <summary>Takes an arena back.</summary>
    /// <exception cref="InvalidOperationException">It is guarded and was written past its end: a fault of the emitted code.</exception>
    public void Return(Arena arena)
    {
        var intact = arena.IsIntact();
        Push(arena);
        if (!intact)
        {
            throw new InvalidOperationException("A step of the model wrote past the end of its arena.");
        }
    }

    /// <summary>Frees all arenas. No call may run any more.</summary>
    public void Free()
    {
        for (var arena = _free; arena is not null; arena = arena.Next)
        {
            arena.Dispose();
        }

        _free = null;
    }

    private void Push(Arena arena)
    {
        _latch.Enter();
        arena.Next = _free;
        _free = arena;
        _latch.Exit();
    }
}
