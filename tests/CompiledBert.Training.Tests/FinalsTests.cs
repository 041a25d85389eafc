using CompiledBert.Search.Costs;
using CompiledBert.Search.Strategies;
using CompiledBert.Training.Runs;

namespace CompiledBert.Training.Tests;

public sealed class FinalsTests
{
    [Fact]
    public void The_best_of_every_depth_comes_first_then_the_best_of_the_rest()
    {
        Evaluation Of(int layers, double score, double cycles = 1) =>
            new(new CandidateCost(Toy.Shape with { Layers = [.. Toy.Shape.Layers.Take(layers)], Width = (int)(1000 * score) }, cycles, 0, []), score);
        Evaluation[] done = [Of(2, 0.8), Of(2, 0.9), Of(3, 0.7), Of(2, 0.85), Of(1, 0.6), Of(3, 0.75)];
        IEnumerable<(int, double)> Named(int count) => Finals.Of(done, count).Select(e => (e.Cost.Shape.Layers.Count, e.Score));
        Assert.Equal([(2, 0.9)], Named(1));
        Assert.Equal([(2, 0.9), (3, 0.75), (1, 0.6), (2, 0.85)], Named(4));
        Assert.Equal(6, Finals.Of(done, 9).Count);
    }
}
