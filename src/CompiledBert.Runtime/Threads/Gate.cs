namespace CompiledBert;

/// <summary>Where one thread sleeps until another lets it through. A signal given before the sleep counts.</summary>
internal sealed class Gate
{
    private bool _open;

    /// <summary>Sleeps until <see cref="Open"/> was called, and closes the gate again.</summary>
    public void Wait()
    {
        lock (this)
        {
            while (!_open)
            {
                Monitor.Wait(this);
            }

            _open = false;
        }
    }

    /// <summary>Lets the thread through.</summary>
    public void Open()
    {
        lock (this)
        {
            _open = true;
            Monitor.Pulse(this);
        }
    }
}
