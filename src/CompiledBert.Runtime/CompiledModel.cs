using System.ComponentModel;

namespace CompiledBert;

/// <summary>A model that was compiled to C#: the base of every emitted class.</summary>
/// <remarks>
/// One instance serves any number of threads at the same time. Each call runs in memory of its own, which the model keeps for later calls: nothing is
/// allocated once as many calls as ever run at the same time have run, at the greatest length. <see cref="Dispose()"/> may come at any time: calls that
/// run end well, later ones throw <see cref="ObjectDisposedException"/>, and weights and memory are freed when the last running call has ended.
/// </remarks>
public abstract unsafe class CompiledModel : IDisposable
{
    /// <summary>The most threads a call may use.</summary>
    public const int MaxThreads = 256;

    private readonly ModelWeights _weights;
    private readonly ArenaPool _arenas;
    private int _threads;

    // The owner and every running call hold the model open: at zero it is freed.
    private int _holds = 1;
    private int _disposed;

    /// <summary>Called by emitted code. The model owns the weights from here on.</summary>
    /// <param name="info">What the model is.</param>
    /// <param name="weights">Its weights, checked against <paramref name="info"/>.</param>
    /// <param name="threads">Threads of a call, 1 to <see cref="MaxThreads"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number of threads is out of range; the weights are freed.</exception>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected CompiledModel(ModelInfo info, ModelWeights weights, int threads = 1)
        : this(info, weights, threads, guarded: false)
    {
    }

    internal CompiledModel(ModelInfo info, ModelWeights weights, int threads, bool guarded)
    {
        ArgumentNullException.ThrowIfNull(info);
        ArgumentNullException.ThrowIfNull(weights);
        Info = info;
        _weights = weights;
        _arenas = new ArenaPool(guarded);
        try
        {
            Threads = threads;
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>What the model is.</summary>
    public ModelInfo Info { get; }

    /// <summary>
    /// Threads that a call uses at most, the calling one included. The results are the same, bit for bit, for any number.
    /// Calls that run while it is set keep theirs.
    /// </summary>
    /// <remarks>
    /// The other threads are shared by all models of the process, one less than it has processors, and asleep when nothing runs. Calls that run at the same
    /// time share them: each then has fewer.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">The number is less than 1 or greater than <see cref="MaxThreads"/>.</exception>
    public int Threads
    {
        get => Volatile.Read(ref _threads);
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, MaxThreads);
            Volatile.Write(ref _threads, value);
        }
    }

    /// <summary>First byte of the weights, header included. Valid during a call only: between <see cref="Begin"/> and the end of what it returned.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected byte* Weights => _weights.Pointer;

    /// <summary>Bytes from one page of the weights' memory to the next. Products ask for pages ahead where they are many.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected long WeightsPageBytes => _weights.PageBytes;

    /// <summary>Holds all bytes of the weights against the hash that the model was compiled with. Reads everything; calls do not need it.</summary>
    /// <exception cref="InvalidDataException">The weights were changed or damaged.</exception>
    /// <exception cref="ObjectDisposedException">The model is disposed.</exception>
    public void VerifyWeights()
    {
        Hold();
        try
        {
            _weights.Verify();
        }
        finally
        {
            Unhold();
        }
    }

    /// <summary>Ends the model. Calls that run are not disturbed.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Ends the model.</summary>
    /// <param name="disposing">Always true: what is not managed has finalizers of its own.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected virtual void Dispose(bool disposing)
    {
        if (disposing && Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            Unhold();
        }
    }

    /// <summary>Starts a call: takes memory and threads. Arguments should have been checked by now.</summary>
    /// <param name="arenaBytes">Bytes of the arena, rounded up to a multiple of 64.</param>
    /// <param name="scratchStride">Bytes of scratch memory of each task, rounded up to a multiple of 64.</param>
    /// <param name="cancellationToken">Asked before each step.</param>
    /// <returns>The call, to be disposed.</returns>
    /// <exception cref="ObjectDisposedException">The model is disposed.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was asked for already.</exception>
    /// <exception cref="OutOfMemoryException">There is no such amount of memory.</exception>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected ModelCall Begin(long arenaBytes, long scratchStride = 0, CancellationToken cancellationToken = default)
    {
        Hold();
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            var threads = Threads;
            arenaBytes = checked(arenaBytes + (CompiledBert.Arena.Alignment - 1)) & -CompiledBert.Arena.Alignment;
            var arena = _arenas.Rent(checked(arenaBytes + (scratchStride * threads)));
            return new ModelCall(this, arena, threads > 1 ? Workers.Begin(threads) : null, threads, arenaBytes, cancellationToken);
        }
        catch
        {
            Unhold();
            throw;
        }
    }

    /// <summary>Ends a call.</summary>
    internal void End(Arena arena)
    {
        try
        {
            _arenas.Return(arena);
        }
        finally
        {
            Unhold();
        }
    }

    private void Hold()
    {
        var holds = Volatile.Read(ref _holds);
        while (true)
        {
            // Zero holds: freed already, though this thread may not have seen the flag.
            ObjectDisposedException.ThrowIf(holds == 0 || Volatile.Read(ref _disposed) != 0, this);
            var seen = Interlocked.CompareExchange(ref _holds, holds + 1, holds);
            if (seen == holds)
            {
                return;
            }

            holds = seen;
        }
    }

    private void Unhold()
    {
        if (Interlocked.Decrement(ref _holds) == 0)
        {
            _arenas.Free();
            _weights.Dispose();
        }
    }
}
