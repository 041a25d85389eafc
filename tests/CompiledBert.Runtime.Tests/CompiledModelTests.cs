using Xunit;

namespace CompiledBert.Runtime.Tests;

public sealed class CompiledModelTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 1)]
    [InlineData(512, 1)]
    [InlineData(1, 2)]
    [InlineData(33, 3)]
    [InlineData(512, 8)]
    public void A_call_runs_all_steps_on_any_number_of_threads(int tokens, int threads)
    {
        using var model = TestModel.Load(guarded: true);
        model.Threads = threads;
        var ids = Ids(tokens);
        var output = new float[tokens];
        model.Run(ids, output);
        Assert.Equal(ids.Select(i => i * 8f), output);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(CompiledModel.MaxThreads + 1)]
    public void A_number_of_threads_out_of_range_is_refused(int threads)
    {
        using var model = TestModel.Load();
        Assert.Throws<ArgumentOutOfRangeException>(() => model.Threads = threads);
        Assert.Equal(1, model.Threads);

        using var weights = ModelWeights.FromStream(new MemoryStream(TestModel.Blob), TestModel.ExpectedInfo);
        Assert.Throws<ArgumentOutOfRangeException>(() => new TestModel(weights, threads, guarded: false));
        unsafe
        {
            Assert.True(weights.Pointer is null);
        }
    }

    [Fact]
    public void A_disposed_model_throws_and_disposing_twice_does_nothing()
    {
        var model = TestModel.Load();
        model.Dispose();
        model.Dispose();
        Assert.Throws<ObjectDisposedException>(() => model.Run([1], new float[1]));
        Assert.Throws<ObjectDisposedException>(model.VerifyWeights);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_cancelled_call_stops_before_the_next_step_and_the_model_goes_on(int threads)
    {
        using var model = TestModel.Load();
        model.Threads = threads;
        using var source = new CancellationTokenSource();
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => model.Run([1], new float[1], 3, source.Token));

        using var later = new CancellationTokenSource(TimeSpan.FromMilliseconds(20));
        var output = new float[512];
        Assert.Throws<OperationCanceledException>(() => model.Run(Ids(512), output, int.MaxValue, later.Token));

        model.Run([3], output.AsSpan(0, 1));
        Assert.Equal(24f, output[0]);
    }

    [Fact]
    public void A_call_that_wants_too_much_memory_throws_and_the_model_goes_on()
    {
        using var model = TestModel.Load();
        Assert.Throws<OutOfMemoryException>(() => model.Start(long.MaxValue / 4).Dispose());
        Assert.Throws<OverflowException>(() => model.Start(long.MaxValue, long.MaxValue).Dispose());
        var output = new float[1];
        model.Run([3], output);
        Assert.Equal(24f, output[0]);
    }

    internal static long[] Ids(int tokens) => [.. Enumerable.Range(0, tokens).Select(i => (i * 37L) % TestModel.Values)];
}
