using System.Diagnostics;
using CompiledBert.Cli.Sessions;
using CompiledBert.Compiler;
using CompiledBert.Parity.Fixtures;

namespace CompiledBert.Parity;

/// <summary>What calls cost beside time: no allocation, no growing memory, no processor time between them.</summary>
public sealed class CallCostTests : IDisposable
{
    private readonly ModelSession _session = ModelSession.Compile(new CompileOptions
    {
        ModelPath = Path.Combine(RepositoryFiles.Zoo, "bert-legacy-op14-eager", "model.onnx"),
        Outputs = ["*"],
    });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_call_allocates_nothing(int threads)
    {
        _session.Model.Threads = threads;
        var single = Single(33);
        int[] lengths = [3, 17, 1, 8];
        var batch = _session.PrepareBatch(lengths, TokenInputs.Concatenate([.. lengths.Select((tokens, i) => TokenInputs.Sequence(_session.Plan, tokens, i))]));
        // The runtime makes what a thread sleeps on when it first has to: in these calls, or at a lock that another thread holds, which only chance brings.
        MeetALockThatIsHeld();
        for (var i = 0; i < 100; i++)
        {
            Call(single, batch);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            Call(single, batch);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void MeetALockThatIsHeld()
    {
        var gate = new object();
        using var held = new ManualResetEventSlim();
        var holder = new Thread(() =>
        {
            lock (gate)
            {
                held.Set();
                Thread.Sleep(50);
            }
        });
        holder.Start();
        held.Wait();
        lock (gate)
        {
            holder.Join();
        }
    }

    [Fact]
    public void Memory_stays_flat_over_ten_thousand_calls_of_random_lengths()
    {
        var calls = Enumerable.Range(2, 60).Select(Single).ToList();
        var random = new Random(1);
        void CallSome(int count)
        {
            for (var i = 0; i < count; i++)
            {
                calls[random.Next(calls.Count)].Invoke();
            }
        }

        CallSome(1000);
        var before = WorkingSet();
        CallSome(10_000);
        Assert.InRange(WorkingSet() - before, long.MinValue, 4 << 20);
    }

    [Fact]
    public void Nothing_runs_between_calls()
    {
        _session.Model.Threads = 3;
        var call = Single(50);
        for (var i = 0; i < 200; i++)
        {
            call.Invoke();
        }

        // The just-in-time compiler works on for seconds after the model was compiled here; a thread of the model's that never sleeps would never stop.
        var quiet = Enumerable.Range(0, 60).Any(_ =>
        {
            var before = ProcessorTime();
            Thread.Sleep(500);
            return (ProcessorTime() - before).TotalMilliseconds < 25;
        });
        Assert.True(quiet, "Something runs although nothing was called.");
    }

    public void Dispose() => _session.Dispose();

    private static void Call(PreparedCall first, PreparedCall second)
    {
        first.Invoke();
        second.Invoke();
    }

    private static long WorkingSet()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        using var process = Process.GetCurrentProcess();
        return process.WorkingSet64;
    }

    private static TimeSpan ProcessorTime()
    {
        using var process = Process.GetCurrentProcess();
        return process.TotalProcessorTime;
    }

    private PreparedCall Single(int tokens) => _session.Prepare(TokenInputs.Sequence(_session.Plan, tokens, tokens));
}
