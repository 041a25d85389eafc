using CompiledBert.Compiler;
using CompiledBert.Compiler.Targets;
using CompiledBert.Search.Costs;
using CompiledBert.Search.Strategies;
using CompiledBert.Training.Runs;

namespace CompiledBert.Training.Tests;

public sealed class FrontTests
{
    [Fact]
    public void A_model_is_chosen_between_its_limit_and_the_next()
    {
        var next = new CandidateCosts(Toy.Task, Precision.Int8, Limit.Parse("1ms@16", null, null, ["neoverse-n1"], 16, "test"), (KnownCores.NeoverseN1, 16));
        Evaluation Of(double milliseconds, double score) =>
            new(new CandidateCost(Toy.Shape, milliseconds * KnownCores.NeoverseN1.Gigahertz * 1e6, 0, []), score);
        Evaluation[] all = [Of(0.5, -0.1), Of(1.2, -0.4), Of(2, -0.3), Of(2.5, -0.3), Of(0.9, -0.2)];
        Assert.Same(all[2], FrontRun.Best(all, next));
        Assert.Same(all[0], FrontRun.Best(all, null));
        Assert.Same(all[4], FrontRun.Best([all[4]], next));
        Assert.Null(FrontRun.Best([], next));
    }
}
