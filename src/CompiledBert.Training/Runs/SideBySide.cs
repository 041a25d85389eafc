using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using CompiledBert.Training.Native;

namespace CompiledBert.Training.Runs;

/// <summary>Works on several things at once, each on one thread from its beginning to its end.</summary>
internal static class SideBySide
{
    /// <summary>Does something with the numbers from 0, which are begun in their order. When one fails, the others are stopped.</summary>
    /// <param name="count">How many.</param>
    /// <param name="workers">How many at once.</param>
    /// <param name="work">What is done with one.</param>
    /// <param name="cancellation">Stops it between two, and within one where the work looks at what it is given.</param>
    /// <exception cref="OperationCanceledException">It was asked to stop, and nothing else failed.</exception>
    public static void Do(int count, int workers, Action<int, CancellationToken> work, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var failures = new ConcurrentQueue<Exception>();
        var begun = -1;
        void Work()
        {
            NativeTorch.UseThreads();
            try
            {
                for (var i = Interlocked.Increment(ref begun); i < count && !stop.IsCancellationRequested; i = Interlocked.Increment(ref begun))
                {
                    work(i, stop.Token);
                }
            }
            catch (Exception e)
            {
                failures.Enqueue(e);
                stop.Cancel();
            }
        }

        Task.WaitAll([.. Enumerable.Range(0, Math.Min(workers, count)).Select(_ => Task.Run(Work, CancellationToken.None))], CancellationToken.None);
        if ((failures.FirstOrDefault(e => e is not OperationCanceledException) ?? failures.FirstOrDefault()) is { } failure)
        {
            ExceptionDispatchInfo.Throw(failure);
        }

        cancellation.ThrowIfCancellationRequested();
    }
}
