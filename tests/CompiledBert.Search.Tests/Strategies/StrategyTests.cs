using CompiledBert.Compiler;
using CompiledBert.Search.Costs;
using CompiledBert.Search.Space;
using CompiledBert.Search.Strategies;

namespace CompiledBert.Search.Tests.Strategies;

public sealed class StrategyTests
{
    private const double MostMultiplyAdds = 1e6;

    private static readonly SearchSpace Small =
        Shapes.Space with { Layers = [1, 2, 3], Heads = [2, 4, 8, 12], Inner = [96, 192, 384, 768], Width = [96, 192, 384] };

    [Fact]
    public void A_front_has_no_evaluation_that_another_dominates()
    {
        var random = new Random(4);
        var all = Enumerable.Range(0, 60).Select(_ => Made(random.Next(1, 30), random.Next(1, 30))).ToList();
        var front = Pareto.Front(all);
        Assert.All(front, e => Assert.DoesNotContain(all, other => Pareto.Dominates(other, e)));
        Assert.All(all.Except(front), e => Assert.Contains(front, f => Pareto.Dominates(f, e) || (f.Cost.Cycles == e.Cost.Cycles && f.Score == e.Score)));
        Assert.Equal(front.OrderBy(e => e.Cost.Cycles), front);
    }

    [Fact]
    public void The_area_of_a_front_is_that_of_its_steps()
    {
        var front = new[] { Made(10, 1), Made(20, 3), Made(30, 2) };
        Assert.Equal((1 * Math.Log(2)) + (3 * Math.Log(2)), Pareto.Hypervolume(front, 40, 0), 12);
        Assert.Equal(0, Pareto.Hypervolume(front, 5, 0));
    }

    [Fact]
    public void A_search_goes_on_from_any_beginning_of_itself()
    {
        var whole = Run(new EvolutionStrategy(4, 6), 12, 7, []);
        Assert.Equal(whole, Run(new EvolutionStrategy(4, 6), 12, 7, whole.Take(9).ToList()), (a, b) => a!.Cost.Shape == b!.Cost.Shape && a.Score == b.Score);
        Assert.Equal(12, whole.Select(e => e.Cost.Shape).Distinct().Count());
        Assert.NotEqual(whole.Select(e => e.Cost.Shape), Run(new EvolutionStrategy(4, 6), 12, 8, []).Select(e => e.Cost.Shape));
        Assert.All(whole, e => Assert.True(e.Cost.IsWithin));
    }

    [Fact]
    public void The_number_of_workers_changes_nothing()
    {
        var one = Run(new EvolutionStrategy(4, 6), 24, 7, []);
        foreach (var workers in new[] { 2, 5, 8 })
        {
            Assert.Equal(one.Select(e => (e.Cost.Shape, e.Score)), Run(new EvolutionStrategy(4, 6), 24, 7, [], workers).Select(e => (e.Cost.Shape, e.Score)));
        }
    }

    [Fact]
    public void Nothing_is_scored_after_a_search_has_ended_or_failed()
    {
        var scorer = new Counting();
        var exploration = new Exploration(Small, Shapes.Costs(Precision.Fp32), new RandomStrategy(), scorer, 1);
        Assert.Equal(2, exploration.Run([], [], 50, 3, CancellationToken.None).Take(2).Count());
        Assert.Equal(0, scorer.UnderWay);

        scorer.FailsAt = scorer.Begun + 4;
        Assert.Equal("no", Assert.Throws<InvalidOperationException>(() => exploration.Run([], [], 50, 3, CancellationToken.None).Count()).Message);
        Assert.Equal(0, scorer.UnderWay);

        using var stopped = new CancellationTokenSource();
        stopped.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => exploration.Run([], [], 50, 3, stopped.Token).Count());
        Assert.Equal(0, scorer.UnderWay);
    }

    [Fact]
    public void Candidates_are_made_as_large_as_they_should_be_where_limits_let_them()
    {
        const double most = 6e6;
        var costs = Shapes.Costs(Precision.Fp32).WithTime(most);
        var exploration = new Exploration(Small, costs, new RandomStrategy(), new Toy(), 3) { LeastCycles = 0.9 * most };
        Assert.All(exploration.Run([], [], 12, 1, CancellationToken.None), e => Assert.InRange(e.Cost.Cycles, 0.9 * most, most));

        // Nothing comes near: the largest there is will do.
        var shallow = Small with { Layers = [1] };
        exploration = new Exploration(shallow, costs, new RandomStrategy(), new Toy(), 3) { LeastCycles = 0.9 * most };
        Assert.Equal(
            (shallow.Largest.Width, shallow.Largest.Layers[0]),
            Assert.Single(exploration.Run([], [], 1, 1, CancellationToken.None).Select(e => (e.Cost.Shape.Width, e.Cost.Shape.Layers[0]))));
    }

    [Fact]
    public void Evolution_finds_better_models_within_a_limit_than_chance_with_as_many_evaluations_and_a_better_front()
    {
        (double Best, double Area) Of(ISearchStrategy strategy)
        {
            var runs = Enumerable.Range(1, 60).Select(seed => OnMultiplyAdds(strategy, 80, seed)).ToList();
            return (runs.Average(run => run.Max(e => e.Score)), runs.Average(run => Pareto.Hypervolume(run, MostMultiplyAdds, 0)));
        }

        var (evolution, chance) = (Of(new EvolutionStrategy()), Of(new RandomStrategy()));
        Assert.True(evolution.Best > chance.Best + 0.01 && evolution.Area > chance.Area, $"{evolution} and {chance}");
    }

    [Fact]
    public void A_space_of_one_shape_ends_after_it()
    {
        var one = Small with { Layers = [1], Width = [96], Heads = [2], Inner = [96], Embedding = [96], Activations = [Activation.Gelu] };
        var exploration = new Exploration(one, Shapes.Costs(Precision.Fp32), new RandomStrategy(), new Toy(), 1);
        Assert.Equal(one.Smallest, Assert.Single(exploration.Run([], [], 5, 1, CancellationToken.None)).Cost.Shape);
    }

    private static List<Evaluation> Run(ISearchStrategy strategy, int count, int seed, List<Evaluation> before, int workers = 1)
    {
        var exploration = new Exploration(Small, Shapes.Costs(Precision.Fp32, "20ms@64"), strategy, new Toy(), seed);
        return [.. before, .. exploration.Run([], before, count, workers, CancellationToken.None)];
    }

    /// <summary>A search whose cycles are multiply-adds a token: thousands of evaluations in no time.</summary>
    private static List<Evaluation> OnMultiplyAdds(ISearchStrategy strategy, int count, int seed)
    {
        var limit = new Limit(LimitKind.Latency, MostMultiplyAdds, 1, "", null);
        CandidateCost CostOf(BertShape shape)
        {
            var multiplyAdds = shape.Parameters - ((double)shape.Vocabulary * shape.Embedding);
            return new CandidateCost(shape, multiplyAdds, 0, [new Measure(limit, multiplyAdds)]);
        }

        var random = new Random(seed);
        var done = new List<Evaluation>();
        while (done.Count < count)
        {
            var cost = WithinLimits.Of(strategy.Propose(Shapes.Space, done, done.Count, random), Shapes.Space, CostOf, random);
            if (done.TrueForAll(e => e.Cost.Shape != cost.Shape))
            {
                done.Add(new Toy().Evaluate(cost, CancellationToken.None));
            }
        }

        return done;
    }

    private static Evaluation Made(double cycles, double score) => new(new CandidateCost(Shapes.Tiny, cycles, 0, []), score);

    /// <summary>Takes a moment, knows how many are under way, and fails when it is told to.</summary>
    private sealed class Counting : IScorer
    {
        private int _begun;
        private int _underWay;

        public int Begun => _begun;

        public int UnderWay => _underWay;

        public int FailsAt { get; set; } = int.MaxValue;

        public Evaluation Evaluate(CandidateCost candidate, CancellationToken cancellation)
        {
            Interlocked.Increment(ref _underWay);
            try
            {
                cancellation.WaitHandle.WaitOne(10);
                return Interlocked.Increment(ref _begun) >= FailsAt ? throw new InvalidOperationException("no") : new Toy().Evaluate(candidate, cancellation);
            }
            finally
            {
                Interlocked.Decrement(ref _underWay);
            }
        }
    }

    /// <summary>More of everything is better, but less and less so, and layers matter most.</summary>
    private sealed class Toy : IScorer
    {
        public Evaluation Evaluate(CandidateCost candidate, CancellationToken cancellation)
        {
            var shape = candidate.Shape;
            return new Evaluation(candidate, Math.Log(1 + shape.Layers.Count) + (0.3 * Math.Log(shape.Width / 48.0))
                + shape.Layers.Average(l => (0.2 * Math.Log(1 + l.Heads)) + (0.1 * Math.Log(l.Inner / 48.0))));
        }
    }
}
