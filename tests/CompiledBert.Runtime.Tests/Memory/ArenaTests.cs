using Xunit;

namespace CompiledBert.Runtime.Tests;

public sealed unsafe class ArenaTests
{
    [Theory]
    [InlineData(0, 4096)]
    [InlineData(4096, 4096)]
    [InlineData(4097, 5120)]
    [InlineData(5121, 6144)]
    [InlineData(8191, 8192)]
    [InlineData(8192, 8192)]
    [InlineData(8193, 10240)]
    [InlineData(1000000, 1048576)]
    public void Sizes_are_rounded_to_quarters_of_a_power_of_two(int bytes, int rounded) => Assert.Equal((nuint)rounded, Arena.Round((nuint)bytes));

    [Fact]
    public void Memory_is_aligned_used_again_and_only_grows()
    {
        var pool = new ArenaPool();
        var arena = pool.Rent(100_000);
        var pointer = (nint)arena.Pointer;
        Assert.Equal(0, pointer % Arena.Alignment);
        Assert.InRange(arena.Capacity, 100_000, 131_072);
        pool.Return(arena);
        foreach (var bytes in (int[])[1, 50_000, 100_000])
        {
            var again = pool.Rent(bytes);
            Assert.Same(arena, again);
            Assert.Equal(pointer, (nint)again.Pointer);
            pool.Return(again);
        }

        pool.Free();
        Assert.Equal(0, arena.Capacity);
    }

    [Fact]
    public void Arenas_rented_at_the_same_time_differ()
    {
        var pool = new ArenaPool();
        var first = pool.Rent(10);
        var second = pool.Rent(10);
        Assert.NotSame(first, second);
        Assert.True(first.Pointer != second.Pointer);
        pool.Return(first);
        pool.Return(second);
        Assert.Same(second, pool.Rent(10));
        Assert.Same(first, pool.Rent(10));
    }

    [Fact]
    public void A_guarded_arena_shows_reads_of_unwritten_memory_and_writes_past_its_end()
    {
        using var model = TestModel.Load(guarded: true);
        using (var call = model.Start(100, 64))
        {
            Assert.True(float.IsNaN(*(float*)call.Arena));
            Assert.True(float.IsNaN(*(float*)call.Scratch));
            new Span<byte>(call.Arena, 128 + 64).Clear();
        }

        Assert.Throws<InvalidOperationException>(() =>
        {
            using var call = model.Start(100, 64);
            call.Scratch[64] = 0;
        });
    }

    [Fact]
    public void Scratch_lies_behind_the_arena_aligned()
    {
        using var model = TestModel.Load();
        model.Threads = 3;
        using var call = model.Start(100, 128);
        Assert.Equal(128, call.Scratch - call.Arena);
        Assert.Equal(0, (nint)call.Arena % Arena.Alignment);
        Assert.Equal(3, call.Tasks);
    }
}
