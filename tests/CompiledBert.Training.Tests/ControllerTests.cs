using CompiledBert.Search.Costs;
using CompiledBert.Search.Space;
using CompiledBert.Search.Strategies;
using CompiledBert.Training.Strategies;

namespace CompiledBert.Training.Tests;

public sealed class ControllerTests
{
    private static readonly SearchSpace Space = SearchSpace.Below(Toy.Shape) with { Activations = [Activation.Gelu, Activation.Relu], Embedding = [8, 16, 32] };

    [Fact]
    public void A_shape_is_what_its_decisions_lead_to()
    {
        var (decisions, variation, random) = (new ShapeDecisions(Space), new ShapeVariation(Space), new Random(5));
        for (var i = 0; i < 100; i++)
        {
            var shape = variation.Sample(random);
            var made = decisions.Of(shape);
            Assert.Equal(shape, decisions.ShapeOf(made));
            Assert.Null(decisions.KindAfter(made));
            Assert.All(made, (choice, at) => Assert.InRange(choice, 0, decisions.Choices[decisions.KindAfter([.. made.Take(at)])!.Value] - 1));
        }
    }

    [TorchFact]
    public void What_it_proposes_becomes_better_than_chance()
    {
        double Late(ISearchStrategy strategy, int seed) => Run(strategy, 250, seed, []).TakeLast(60).Average(e => e.Score);
        foreach (var seed in new[] { 1, 2, 3 })
        {
            using var controller = new ControllerStrategy();
            var (learned, chance) = (Late(controller, seed), Late(new RandomStrategy(), seed));
            Assert.True(learned > chance + 0.3, $"{learned} and {chance}");
        }
    }

    [TorchFact]
    public void It_goes_on_from_any_beginning_of_its_list()
    {
        using var one = new ControllerStrategy();
        var whole = Run(one, 40, 7, []);
        using var other = new ControllerStrategy();
        Assert.Equal(whole, Run(other, 40, 7, [.. whole.Take(23)]));

        // The same one, begun anew on another list.
        Assert.Equal(whole, Run(other, 40, 7, [.. whole.Take(2)]));
    }

    private static List<Evaluation> Run(ISearchStrategy strategy, int count, int seed, List<Evaluation> done)
    {
        while (done.Count < count)
        {
            var shape = strategy.Propose(Space, done, done.Count, new Random((seed * 1000) + done.Count));
            done.Add(new Evaluation(new CandidateCost(shape, 0, 0, []), Score(shape)));
        }

        return done;
    }

    /// <summary>Deep and narrow ones with few heads are best.</summary>
    private static double Score(BertShape shape) =>
        (0.3 * shape.Layers.Count) - (0.02 * shape.Width) + (shape.Activation == Activation.Relu ? 0.3 : 0)
            - shape.Layers.Average(l => (0.1 * l.Heads) + (0.01 * Math.Abs(l.Inner - 32)));
}
