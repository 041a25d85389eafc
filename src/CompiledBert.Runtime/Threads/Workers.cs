namespace CompiledBert;

/// <summary>
/// The threads that help calls of models with more than one thread: one set for the process, started when first wanted, asleep when nothing runs.
/// </summary>
internal static class Workers
{
    private static Latch s_latch;
    private static Worker? s_idle;
    private static int s_started;
    private static int s_wanted;
    private static Latch s_teamsLatch;
    private static Team? s_teams;

    /// <summary>
    /// The most workers there may be: with a calling thread as many as processors. Calls that run at the same time share them, and none gets
    /// more, whatever it asks for: they would only make each other wait. Tests set it.
    /// </summary>
    public static int Limit { get; set; } = Environment.ProcessorCount - 1;

    /// <summary>Threads that were started so far.</summary>
    public static int Started => Volatile.Read(ref s_started);

    /// <summary>
    /// A team for one call: the calling thread and up to <paramref name="threads"/> − 1 workers, which come when there is work and they are free.
    /// </summary>
    public static Team Begin(int threads)
    {
        s_teamsLatch.Enter();
        var team = s_teams;
        s_teams = team?.Next;
        s_teamsLatch.Exit();

        team ??= new Team();
        team.Begin(threads);
        Interlocked.Add(ref s_wanted, threads - 1);
        return team;
    }

    /// <summary>A call ended that might have used so many threads.</summary>
    public static void End(int threads) => Interlocked.Add(ref s_wanted, 1 - threads);

    /// <summary>Takes a team back that nobody is in any more.</summary>
    public static void Return(Team team)
    {
        s_teamsLatch.Enter();
        team.Next = s_teams;
        s_teams = team;
        s_teamsLatch.Exit();
    }

    /// <summary>An idle worker, or a new one; null when all are busy.</summary>
    public static Worker? TryTake()
    {
        // A worker between a team and its sleep is in neither: no reason to start more than the running calls want.
        var limit = Math.Min(Limit, Volatile.Read(ref s_wanted));
        if (Volatile.Read(ref s_idle) is null && Volatile.Read(ref s_started) >= limit)
        {
            return null;
        }

        s_latch.Enter();
        var worker = s_idle;
        var start = worker is null && s_started < limit;
        if (worker is not null)
        {
            s_idle = worker.Next;
            worker.Next = null;
        }
        else if (start)
        {
            s_started++;
        }

        s_latch.Exit();
        return start ? Start() : worker;
    }

    /// <summary>Takes back a worker that is about to sleep.</summary>
    public static void Return(Worker worker)
    {
        s_latch.Enter();
        worker.Next = s_idle;
        s_idle = worker;
        s_latch.Exit();
    }

    private static Worker? Start()
    {
        try
        {
            return new Worker();
        }
        catch (Exception error) when (error is OutOfMemoryException or ThreadStartException)
        {
            // The system gives no more threads. The call does without.
            s_latch.Enter();
            s_started--;
            s_latch.Exit();
            return null;
        }
    }
}
