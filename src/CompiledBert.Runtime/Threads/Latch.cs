namespace CompiledBert;

/// <summary>A lock around a few instructions (push and pop of a list). Never allocates, unlike a monitor under contention.</summary>
internal struct Latch
{
    private int _taken;

    /// <summary>Takes it.</summary>
    public void Enter()
    {
        if (Interlocked.Exchange(ref _taken, 1) != 0)
        {
            Wait();
        }
    }

    /// <summary>Gives it back.</summary>
    public void Exit() => Volatile.Write(ref _taken, 0);

    private void Wait()
    {
        var spin = new SpinWait();
        do
        {
            // Yields to the holder where it was put aside, but never sleeps a whole millisecond.
            spin.SpinOnce(sleep1Threshold: -1);
        }
        while (Volatile.Read(ref _taken) != 0 || Interlocked.Exchange(ref _taken, 1) != 0);
    }
}
