using CompiledBert.Search.Costs;
using CompiledBert.Search.Strategies;
using CompiledBert.Training.Runs;

namespace CompiledBert.Training.Tests;

public sealed class FrontTests
{
    [Fact]
    public void The_best_of_those_near_a_limit_is_chosen()
    {
        Evaluation Of(double cycles, double score) => new(new CandidateCost(Toy.Shape, cycles, 0, []), score);
        Evaluation[] all = [Of(0.5, -0.1), Of(1.9, -0.4), Of(2, -0.3), Of(2.1, -0.3), Of(0.9, -0.2)];
        Assert.Same(all[2], FrontRun.Best(all, 1.8));
        Assert.Same(all[0], FrontRun.Best(all, 3));
        Assert.Same(all[4], FrontRun.Best([all[4]], 3));
        Assert.Null(FrontRun.Best([], 3));
    }
}
