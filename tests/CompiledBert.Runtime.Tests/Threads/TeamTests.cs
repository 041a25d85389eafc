using Xunit;

namespace CompiledBert.Runtime.Tests;

public sealed unsafe class TeamTests
{
    [Theory]
    [InlineData(1, 5)]
    [InlineData(2, 2)]
    [InlineData(2, 1000)]
    [InlineData(8, 3)]
    [InlineData(8, 8)]
    public void Every_task_runs_exactly_once(int threads, int tasks)
    {
        var team = Workers.Begin(threads);
        var counts = new int[tasks];
        fixed (int* frame = counts)
        {
            for (var step = 1; step <= 200; step++)
            {
                team.Run(&Count, frame, tasks);
                Assert.Equal(Enumerable.Repeat(step, tasks), counts);
            }
        }

        team.End();
    }

    [Fact]
    public void Steps_see_what_the_steps_before_them_wrote()
    {
        // Each task reads what all tasks of the step before wrote: any step begun too early shows.
        const int Tasks = 4;
        var team = Workers.Begin(Tasks);
        var values = new long[Tasks * 2];
        fixed (long* start = values)
        {
            var frame = new Halves { From = start, To = start + Tasks };
            for (var i = 0; i < Tasks; i++)
            {
                frame.From[i] = 1;
            }

            for (var step = 0; step < 20_000; step++)
            {
                team.Run(&SumAll, &frame, Tasks);
                var from = frame.From;
                frame.From = frame.To;
                frame.To = from;
            }

            Assert.All(new ReadOnlySpan<long>(frame.From, Tasks).ToArray(), v => Assert.Equal(1 + 20_000, v));
        }

        team.End();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(49)]
    public void What_a_task_throws_reaches_the_caller_and_the_team_goes_on(int failing)
    {
        var team = Workers.Begin(4);
        for (var i = 0; i < 50; i++)
        {
            var error = Assert.Throws<InvalidOperationException>(() =>
            {
                var task = failing;
                team.Run(&Fail, &task, 50);
            });
            Assert.Equal($"task {failing}", error.Message);
            var count = new int[50];
            fixed (int* frame = count)
            {
                team.Run(&Count, frame, 50);
            }

            Assert.All(count, c => Assert.Equal(1, c));
        }

        team.End();
    }

    [Fact]
    public void Steps_may_run_calls_of_their_own()
    {
        var team = Workers.Begin(3);
        long sum = 0;
        for (var i = 0; i < 100; i++)
        {
            team.Run(&Nested, &sum, 6);
        }

        team.End();
        Assert.Equal(100 * 6 * 10, sum);
    }

    [Fact]
    public void Many_calls_at_once_share_the_workers()
    {
        AtOnce(8, seed =>
        {
            var random = new Random(seed);
            for (var call = 0; call < 300; call++)
            {
                var team = Workers.Begin(random.Next(2, 5));
                var counts = new int[random.Next(2, 20)];
                fixed (int* frame = counts)
                {
                    for (var step = 0; step < 20; step++)
                    {
                        team.Run(&Count, frame, counts.Length);
                    }
                }

                team.End();
                Assert.All(counts, c => Assert.Equal(20, c));
            }
        });
        Assert.InRange(Workers.Started, 1, Workers.Limit);
    }

    [Fact]
    public void Workers_that_left_between_steps_come_back()
    {
        var team = Workers.Begin(2);
        long helped = 0;
        for (var step = 0; step < 20; step++)
        {
            Thread.Sleep(2);
            var caller = Environment.CurrentManagedThreadId;
            var frame = new Meeting { Caller = caller };
            team.Run(&Meet, &frame, 2);
            helped += frame.Helped;
        }

        team.End();
        Assert.InRange(helped, 1, 20);
    }

    /// <summary>Does something on so many threads at once and reports the first failure.</summary>
    internal static void AtOnce(int count, Action<int> work)
    {
        Exception? failure = null;
        var threads = Enumerable.Range(0, count).Select(i => new Thread(() =>
        {
            try
            {
                work(i);
            }
            catch (Exception error)
            {
                failure = error;
            }
        })).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => Assert.True(t.Join(TimeSpan.FromMinutes(2)), "A thread hangs."));
        Assert.Null(failure);
    }

    private static void Count(void* frame, int task, int tasks) => ((int*)frame)[task]++;

    private static void Fail(void* frame, int task, int tasks)
    {
        if (task == *(int*)frame)
        {
            throw new InvalidOperationException($"task {task}");
        }
    }

    private static void SumAll(void* frame, int task, int tasks)
    {
        var halves = (Halves*)frame;
        long sum = 0;
        for (var i = 0; i < tasks; i++)
        {
            sum += halves->From[i];
        }

        // All are equal, so the sum is a multiple; a torn step is not.
        halves->To[task] = sum % tasks == 0 ? (sum / tasks) + 1 : -1_000_000;
    }

    private static void Nested(void* frame, int task, int tasks)
    {
        var team = Workers.Begin(2);
        team.Run(&AddOne, frame, 10);
        team.End();
    }

    private static void AddOne(void* frame, int task, int tasks) => Interlocked.Increment(ref *(long*)frame);

    /// <summary>Waits a while for the other task to be run by another thread.</summary>
    private static void Meet(void* frame, int task, int tasks)
    {
        var meeting = (Meeting*)frame;
        if (Environment.CurrentManagedThreadId != meeting->Caller)
        {
            Volatile.Write(ref meeting->Helped, 1);
            return;
        }

        var until = Environment.TickCount64 + 200;
        while (Volatile.Read(ref meeting->Helped) == 0 && Environment.TickCount64 < until)
        {
            Thread.Yield();
        }
    }

    private struct Halves
    {
        public long* From;
        public long* To;
    }

    private struct Meeting
    {
        public int Caller;
        public int Helped;
    }
}
