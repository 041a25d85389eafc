namespace CompiledBert;

/// <summary>A thread that helps calls, one team at a time, and sleeps in between.</summary>
internal sealed class Worker
{
    // Kernels keep their data in registers and in the arena.
    private const int StackBytes = 1 << 20;

    private readonly Gate _gate = new();
    private Team? _team;

    /// <summary>Starts the thread.</summary>
    public Worker() => new Thread(Serve, StackBytes) { IsBackground = true, Name = "CompiledBert worker" }.UnsafeStart();

    /// <summary>The next idle worker.</summary>
    public Worker? Next { get; set; }

    /// <summary>Sends an idle worker to a team.</summary>
    public void Join(Team team)
    {
        _team = team;
        _gate.Open();
    }

    private void Serve()
    {
        while (true)
        {
            _gate.Wait();
            var team = _team!;
            _team = null;
            team.Serve();
            Workers.Return(this);
        }
    }
}
