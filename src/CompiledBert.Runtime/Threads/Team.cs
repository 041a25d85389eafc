using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace CompiledBert;

/// <summary>The threads of one call: its own and the workers that help it.</summary>
/// <remarks>
/// A call runs some thirty steps of 30 to 200 µs one after the other, so handing out a step must cost about a microsecond. Workers therefore spin for a
/// short while between the steps of a call and leave it when the next step does not come; a later step asks for them again. At the end of a call they go
/// to sleep. Whoever is free claims the next task, so a worker that comes late or not at all only leaves more to the others: every step ends even if
/// none comes, and calls may be nested.
/// </remarks>
internal sealed unsafe class Team
{
    /// <summary>Any ticket below zero. Claims that come too late add to it and do not change that.</summary>
    private const long Over = long.MinValue;

    /// <summary>How long a worker waits awake for the next step, and a call for the last tasks of a step.</summary>
    private static readonly long SpinTicks = Environment.ProcessorCount > 1 ? Stopwatch.Frequency * 50 / 1_000_000 : 0;

    private readonly Gate _finished = new();
    private Words _words;
    private delegate*<void*, int, int, void> _body;
    private void* _frame;
    private Exception? _error;
    private int _threads;

    /// <summary>The next free team.</summary>
    public Team? Next { get; set; }

    /// <summary>Workers in the team now.</summary>
    public int Active => Volatile.Read(ref _words.Active);

    /// <summary>Starts a call.</summary>
    public void Begin(int threads)
    {
        Next = null;
        _threads = threads;
        _words.Members = 1;
        Interlocked.Exchange(ref _words.Ticket, 0);
    }

    /// <summary>Runs <c>body(frame, task, tasks)</c> for each task, on as many threads as came, and returns when all are done.</summary>
    /// <exception cref="Exception">The first that a task threw; tasks that had not begun then are left out.</exception>
    public void Run(delegate*<void*, int, int, void> body, void* frame, int tasks)
    {
        _body = body;
        _frame = frame;
        Volatile.Write(ref _words.Pending, tasks);

        // Publishes the step: all of the above is seen by whoever claims a task of it.
        Interlocked.Exchange(ref _words.Ticket, (long)tasks << 32);
        Recruit(Math.Min(_threads, tasks) - 1);
        Participate();
        WaitForOthers();

        if (_error is { } error)
        {
            _error = null;
            ExceptionDispatchInfo.Throw(error);
        }
    }

    /// <summary>Ends the call. Workers see it and leave; the last one out gives the team back.</summary>
    public void End()
    {
        Interlocked.Exchange(ref _words.Ticket, Over);
        Workers.End(_threads);
        Leave();
    }

    /// <summary>A worker's part, from when it was called until it leaves.</summary>
    public void Serve()
    {
        do
        {
            Participate();
        }
        while (AwaitWork());

        Leave();
    }

    private static bool IsOpen(long ticket) => (int)ticket < (int)(ticket >> 32);

    private void Recruit(int workers)
    {
        for (var missing = workers - Active; missing > 0; missing--)
        {
            if (Workers.TryTake() is not { } worker)
            {
                return;
            }

            Interlocked.Increment(ref _words.Active);
            Interlocked.Increment(ref _words.Members);
            worker.Join(this);
        }
    }

    /// <summary>Does tasks until none is left to claim.</summary>
    private void Participate()
    {
        var done = 0;
        while (IsOpen(Volatile.Read(ref _words.Ticket)))
        {
            // A claim may come late and meet the next step's ticket. It is as good a claim: a step cannot end before its claimed tasks.
            var ticket = Interlocked.Increment(ref _words.Ticket) - 1;
            if (!IsOpen(ticket))
            {
                break;
            }

            try
            {
                if (Volatile.Read(ref _error) is null)
                {
                    _body(_frame, (int)ticket, (int)(ticket >> 32));
                }
            }
#pragma warning disable CA1031 // Whatever a task throws belongs to the caller, whichever thread it ran on.
            catch (Exception error)
#pragma warning restore CA1031
            {
                Interlocked.CompareExchange(ref _error, error, null);
            }

            done++;
        }

        if (done > 0 && Interlocked.Add(ref _words.Pending, -done) == 0 && Volatile.Read(ref _words.Sleeping) != 0
            && Interlocked.Exchange(ref _words.Sleeping, 0) != 0)
        {
            _finished.Open();
        }
    }

    /// <summary>Spins until a step comes. False when the call is over or the step takes too long to come: the worker is out then.</summary>
    private bool AwaitWork()
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            for (var i = 0; i < 16; i++)
            {
                var ticket = Volatile.Read(ref _words.Ticket);
                if (IsOpen(ticket))
                {
                    return true;
                }

                if (ticket < 0)
                {
                    Interlocked.Decrement(ref _words.Active);
                    return false;
                }

                Thread.SpinWait(1);
            }

            if (Stopwatch.GetTimestamp() - started > SpinTicks)
            {
                // The call counts its workers after it publishes a step, the worker looks for a step after it is no longer counted: one sees the other.
                Interlocked.Decrement(ref _words.Active);
                if (!IsOpen(Volatile.Read(ref _words.Ticket)))
                {
                    return false;
                }

                Interlocked.Increment(ref _words.Active);
                return true;
            }
        }
    }

    private void WaitForOthers()
    {
        if (Volatile.Read(ref _words.Pending) == 0)
        {
            return;
        }

        var started = Stopwatch.GetTimestamp();
        do
        {
            for (var i = 0; i < 16; i++)
            {
                if (Volatile.Read(ref _words.Pending) == 0)
                {
                    return;
                }

                Thread.SpinWait(1);
            }
        }
        while (Stopwatch.GetTimestamp() - started <= SpinTicks);

        do
        {
            Interlocked.Exchange(ref _words.Sleeping, 1);
            if (Volatile.Read(ref _words.Pending) == 0 && Interlocked.Exchange(ref _words.Sleeping, 0) != 0)
            {
                return;
            }

            // Either the last worker will see the flag, or one took it already: the gate opens exactly once. The one that took it may have ended the
            // step before this one and come late.
            _finished.Wait();
        }
        while (Volatile.Read(ref _words.Pending) != 0);
    }

    private void Leave()
    {
        if (Interlocked.Decrement(ref _words.Members) == 0)
        {
            Workers.Return(this);
        }
    }

    /// <summary>What threads write at the same time, each on cache lines of its own (two: processors fetch them in pairs).</summary>
    [StructLayout(LayoutKind.Explicit, Size = 640)]
    private struct Words
    {
        /// <summary>High half: tasks of the step; low half: the next to claim; negative: the call is over.</summary>
        [FieldOffset(128)]
        public long Ticket;

        /// <summary>Tasks not yet done.</summary>
        [FieldOffset(256)]
        public int Pending;

        /// <summary>1 while the call sleeps and wants to be told that the step is done.</summary>
        [FieldOffset(384)]
        public int Sleeping;

        /// <summary>Workers that look for tasks.</summary>
        [FieldOffset(512)]
        public int Active;

        /// <summary>The call, and workers that have not left yet: who leaves last gives the team back.</summary>
        [FieldOffset(516)]
        public int Members;
    }
}
