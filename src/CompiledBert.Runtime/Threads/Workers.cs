namespace CompiledBert;

/// <summary>
/// The threads that help calls of models with more than one thread: one set for the process, started when first wanted, asleep when nothing runs.
/// </summary>
internal static class Workers
{
    private static Latch s_latch;
    private static Worker? s_idle;
    private static int s_started;
    private static Latch s_teamsLatch;
    private static Team? s_teams;

    /// <summary>Threads that were started so far.</summary>
    public static int Started => Volatile.Read(ref s_started);

    /// <summary>A team for one call: the calling thread and up to <paramref name="threads"/> − 1 workers, which come when there is work and they are free.</summary>
    public static Team Begin(int threads)
    {
        s_teamsLatch.Enter();
        var team = s_teams;
        s_teams = team?.Next;
        s_teamsLatch.Exit();

        team ??= new Team();
        team.Begin(threads);
        return team;
    }

    /// <summary>Takes a team back that nobody is in any more.</summary>
    public static void Return(Team team)
    {
        s_teamsLatch.Enter();
        team.Next = s_teams;
        s_teams = team;
        s_teamsLatch.Exit();
    }

    /// <summary>An idle worker, or a new one; null when all are busy.</summary>
    /// <param name="threads">
    /// Threads of the call that asks. There are never more workers than processors, nor than the call with the most threads has: many calls at once share
    /// them and run with fewer, since more threads than processors only make each other wait.
    /// </param>
    public static Worker? TryTake(int threads)
    {
        var limit = Math.Max(Environment.ProcessorCount, threads) - 1;
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
        catch (OutOfMemoryException)
        {
            // The system gives no more threads. The call does without.
            Interlocked.Decrement(ref s_started);
            return null;
        }
    }
}
