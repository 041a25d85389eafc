using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace CompiledBert.Cli.Benchmarks;

/// <summary>The clock that this machine's processor runs at just now.</summary>
internal static class HostClock
{
    private const int Additions = 8_000_000;

    /// <summary>
    /// Cycles a second in 10⁹, by a chain of additions each of which waits for the one before and takes one cycle on every core that is known.
    /// The best of several runs: whatever disturbs one makes it longer.
    /// </summary>
    public static double MeasureGigahertz()
    {
        var best = double.MaxValue;
        var sink = 0L;
        for (var run = 0; run < 12; run++)
        {
            var start = Stopwatch.GetTimestamp();
            sink += Chain(run);
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return sink == long.MinValue ? 0 : Additions / best / 1e9;
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static long Chain(long seed)
    {
        var (a, b) = (seed, seed + 1);
        for (var i = 0; i < Additions / 8; i++)
        {
            a += b;
            b += a;
            a += b;
            b += a;
            a += b;
            b += a;
            a += b;
            b += a;
        }

        return a ^ b;
    }
}
