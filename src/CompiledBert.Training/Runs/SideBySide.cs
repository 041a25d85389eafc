using System.Runtime.ExceptionServices;

namespace CompiledBert.Training.Runs;

/// <summary>Works on several things at once, each on one thread from its beginning to its end.</summary>
internal static class SideBySide
{
    /// <summary>What becomes of numbers from 0, in their order.</summary>
    /// <param name="count">How many.</param>
    /// <param name="workers">How many at once.</param>
    /// <param name="work">What is done with one.</param>
    /// <param name="cancellation">Stops it between two, and within one where the work looks at it.</param>
    /// <exception cref="OperationCanceledException">It was asked to stop.</exception>
    public static T[] Of<T>(int count, int workers, Func<int, T> work, CancellationToken cancellation)
    {
        var made = new T[count];
        try
        {
            Parallel.For(
                0, count, new ParallelOptions { MaxDegreeOfParallelism = workers, CancellationToken = cancellation }, i => made[i] = work(i));
        }
        catch (AggregateException e)
        {
            // The first that failed is what anyone wants to know of.
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }

        return made;
    }
}
