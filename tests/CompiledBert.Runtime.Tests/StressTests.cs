using Xunit;

namespace CompiledBert.Runtime.Tests;

public sealed class StressTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void One_model_serves_many_threads_at_once(int threadsOfCall)
    {
        using var model = TestModel.Load(guarded: true);
        model.Threads = threadsOfCall;
        TeamTests.AtOnce(8, seed =>
        {
            var random = new Random(seed);
            for (var call = 0; call < 300; call++)
            {
                var ids = new long[random.Next(1, 513)];
                for (var i = 0; i < ids.Length; i++)
                {
                    ids[i] = random.Next(TestModel.Values);
                }

                var output = new float[ids.Length];
                model.Run(ids, output, 5);
                for (var i = 0; i < ids.Length; i++)
                {
                    Assert.Equal(ids[i] * 32f, output[i]);
                }
            }
        });
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_model_disposed_while_calls_run_lets_them_end_and_refuses_the_next(int threadsOfCall)
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        File.WriteAllBytes(path, TestModel.Blob);
        try
        {
            for (var round = 0; round < 100; round++)
            {
                // A mapped file: reading it after it was unmapped ends the process.
                var model = TestModel.LoadFile(path);
                model.Threads = threadsOfCall;
                TeamTests.AtOnce(4, thread =>
                {
                    if (thread == 3)
                    {
                        Thread.SpinWait(round * 50);
                        model.Dispose();
                        return;
                    }

                    var ids = CompiledModelTests.Ids(200);
                    var output = new float[200];
                    try
                    {
                        while (true)
                        {
                            Array.Clear(output);
                            model.Run(ids, output);
                            Assert.Equal(ids[199] * 8f, output[199]);
                        }
                    }
                    catch (ObjectDisposedException)
                    {
                    }
                });
                unsafe
                {
                    Assert.True(model.WeightsPointer is null);
                }
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_call_allocates_nothing(int threads)
    {
        using var model = TestModel.Load();
        model.Threads = threads;
        var ids = CompiledModelTests.Ids(512);
        var output = new float[512];

        // A round may start a worker that no round before it needed; once all are started nothing is left to allocate.
        var rounds = 0;
        while (Round() != 0)
        {
            Assert.True(++rounds < 100, "Every round allocates.");
        }

        long Round()
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var length = 512; length > 0; length--)
            {
                model.Run(ids.AsSpan(0, length), output.AsSpan(0, length));
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }
}
