using System.Collections.Concurrent;
using CompiledBert.Training.Runs;

namespace CompiledBert.Training.Tests;

public sealed class SideBySideTests
{
    [TorchFact]
    public void Works_begin_in_their_order_and_none_waits_for_another()
    {
        var begun = new ConcurrentQueue<int>();
        using var rest = new CountdownEvent(7);
        SideBySide.Do(
            8, 2,
            (i, stop) =>
            {
                begun.Enqueue(i);
                if (i == 1)
                {
                    // It ends when all the others have, which the other worker does one by one.
                    Assert.True(rest.Wait(TimeSpan.FromMinutes(1), stop));
                }
                else
                {
                    rest.Signal();
                }
            },
            CancellationToken.None);
        Assert.Equal(Enumerable.Range(0, 8), begun.Order());
        Assert.Equal(Enumerable.Range(2, 6), begun.Where(i => i > 1));
    }

    [TorchFact]
    public void A_failure_stops_the_others_and_is_what_is_told()
    {
        var stopped = false;
        using var begun = new ManualResetEventSlim();
        var failure = Assert.Throws<InvalidOperationException>(() => SideBySide.Do(
            3, 2,
            (i, stop) =>
            {
                if (i == 0)
                {
                    Assert.True(begun.Wait(TimeSpan.FromMinutes(1), stop));
                    throw new InvalidOperationException("no");
                }

                begun.Set();
                stopped = stop.WaitHandle.WaitOne(TimeSpan.FromMinutes(1));
                stop.ThrowIfCancellationRequested();
            },
            CancellationToken.None));
        Assert.Equal("no", failure.Message);
        Assert.True(stopped);
    }

    [TorchFact]
    public void What_was_stopped_says_so()
    {
        using var source = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => SideBySide.Do(2, 1, (_, _) => source.Cancel(), source.Token));
    }
}
