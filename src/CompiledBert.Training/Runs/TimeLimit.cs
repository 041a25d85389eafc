namespace CompiledBert.Training.Runs;

/// <summary>Asks a run to stop where it can go on later: at Ctrl-C, at the end of the time that it may take.</summary>
public sealed class TimeLimit : IDisposable
{
    private readonly CancellationTokenSource _source = new();

    /// <param name="hours">The time; null for as long as it takes.</param>
    public TimeLimit(double? hours)
    {
        Console.CancelKeyPress += Stop;
        if (hours is { } limit)
        {
            _source.CancelAfter(TimeSpan.FromHours(limit));
        }
    }

    /// <summary>Says when to stop.</summary>
    public CancellationToken Token => _source.Token;

    /// <inheritdoc/>
    public void Dispose()
    {
        Console.CancelKeyPress -= Stop;
        _source.Dispose();
    }

    private void Stop(object? sender, ConsoleCancelEventArgs e)
    {
        // The first asks, the second ends the process: what is on disk is whole at every moment.
        e.Cancel = !_source.IsCancellationRequested;
        _source.Cancel();
    }
}
