using System.Runtime.InteropServices;

namespace CompiledBert;

/// <summary>The working memory of one running call: a native block, aligned to 64 bytes, that grows and is used again.</summary>
/// <remarks>
/// With the AppContext switch <c>CompiledBert.GuardArenas</c> every rent fills the block with NaN, so that what a step reads but nobody wrote shows,
/// and marks its end, so that a step which writes past it is told. That costs a pass over the memory each call: a switch for tests.
/// </remarks>
internal sealed unsafe class Arena : IDisposable
{
    /// <summary>Alignment of the block: a cache line and the widest vector.</summary>
    public const int Alignment = 64;

    private const byte Filling = 0xFF;
    private const byte Mark = 0xA5;
    private const int MarkBytes = Alignment;

    private static readonly bool GuardAll = AppContext.TryGetSwitch("CompiledBert.GuardArenas", out var on) && on;

    private readonly bool _guarded;
    private byte* _pointer;
    private nuint _capacity;
    private nuint _rented;

    /// <summary>An arena without memory.</summary>
    /// <param name="guarded">Whether to fill and mark it each time.</param>
    public Arena(bool guarded = false) => _guarded = guarded || GuardAll;

    /// <summary>Frees memory of a model that was not disposed.</summary>
    ~Arena() => Release();

    /// <summary>The first byte.</summary>
    public byte* Pointer => _pointer;

    /// <summary>Bytes of the block.</summary>
    public long Capacity => (long)_capacity;

    /// <summary>The next free arena of the pool.</summary>
    public Arena? Next { get; set; }

    /// <summary>Makes room. What was in the block is lost.</summary>
    /// <exception cref="OutOfMemoryException">There is no such amount of memory; the arena is empty then.</exception>
    public void Prepare(long bytes)
    {
        var needed = (nuint)bytes + (_guarded ? MarkBytes : 0u);
        if (needed > _capacity)
        {
            Release();
            var rounded = Round(needed);
            _pointer = (byte*)LargeBlock.Allocate(rounded, Alignment);
            _capacity = rounded;
        }

        if (_guarded)
        {
            _rented = (nuint)bytes;
            NativeMemory.Fill(_pointer, _rented, Filling);
            NativeMemory.Fill(_pointer + _rented, MarkBytes, Mark);
        }
    }

    /// <summary>Whether nobody wrote past the bytes asked for. Always true where the arena is not guarded.</summary>
    public bool IsIntact() => !_guarded || !new ReadOnlySpan<byte>(_pointer + _rented, MarkBytes).ContainsAnyExcept(Mark);

    /// <summary>Frees the memory.</summary>
    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    /// <summary>
    /// Rounds up to 1, 1¼, 1½ or 1¾ times a power of two: lengths that come in any order settle after a few growths, at a quarter too much at most
    /// (pages that no call touches are never resident).
    /// </summary>
    internal static nuint Round(nuint bytes)
    {
        nuint least = 4096;
        if (bytes <= least)
        {
            return least;
        }

        var quarter = (nuint)1 << (System.Numerics.BitOperations.Log2(bytes - 1) - 2);
        return (bytes + quarter - 1) & ~(quarter - 1);
    }

    private void Release()
    {
        NativeMemory.AlignedFree(_pointer);
        _pointer = null;
        _capacity = 0;
    }
}
