using System.Globalization;
using System.Runtime.Intrinsics.X86;
using Xunit;

namespace CompiledBert.Runtime.Tests;

/// <summary>What only a whole process can show.</summary>
public sealed class ProcessTests
{
    [Fact]
    public void Calls_allocate_nothing_on_any_thread()
    {
        var bytes = ChildProcess.Run("allocation").Split(' ');

        // A worker may be started late, and the runtime keeps books of its own now and then; ten thousand calls may not.
        Assert.InRange(long.Parse(bytes[0], CultureInfo.InvariantCulture), 0, 4096);
        Assert.InRange(long.Parse(bytes[1], CultureInfo.InvariantCulture), 0, 4096);
    }

    [Fact]
    public void Threads_sleep_when_nothing_runs()
    {
        var result = ChildProcess.Run("idle").Split(' ');
        Assert.InRange(int.Parse(result[0], CultureInfo.InvariantCulture), 1, 3);
        Assert.InRange(double.Parse(result[1], CultureInfo.InvariantCulture), 0, 30);
    }

    [Fact]
    public void Memory_stays_flat_over_calls_of_random_lengths() =>
        Assert.InRange(long.Parse(ChildProcess.Run("memory"), CultureInfo.InvariantCulture), long.MinValue, 6144);

    [Fact]
    public void Instructions_that_are_switched_off_are_not_reported()
    {
        if (!Avx2.IsSupported)
        {
            return;
        }

        Assert.StartsWith("Avx2: AVX2, FMA", ChildProcess.Run("instructions", ("DOTNET_EnableAVX512", "0")), StringComparison.Ordinal);
        Assert.Equal("Vector128: 128-bit vectors", ChildProcess.Run("instructions", ("DOTNET_EnableAVX2", "0"), ("DOTNET_EnableFMA", "0")));
        Assert.Equal("Vector128: 128-bit vectors", ChildProcess.Run("instructions", ("DOTNET_EnableHWIntrinsic", "0")));
    }
}
