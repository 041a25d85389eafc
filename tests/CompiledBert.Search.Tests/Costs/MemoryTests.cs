using CompiledBert.Compiler;
using CompiledBert.Search.Space;

namespace CompiledBert.Search.Tests.Costs;

/// <summary>Tests that look at the memory of the whole process, which no other test may change meanwhile.</summary>
[CollectionDefinition("Alone", DisableParallelization = true)]
public sealed class Alone;

[Collection("Alone")]
public sealed class MemoryTests
{
    [Fact]
    public void Many_candidates_leave_no_memory_behind()
    {
        var costs = Shapes.Costs(Precision.Int8, "5ms@64");
        var variation = new ShapeVariation(Shapes.Space);
        var random = new Random(3);
        long After(int count)
        {
            for (var i = 0; i < count; i++)
            {
                _ = costs.Of(variation.Sample(random));
            }

            return GC.GetTotalMemory(forceFullCollection: true);
        }

        var before = After(20);
        Assert.InRange(After(80) - before, long.MinValue, 1 << 20);
    }
}
