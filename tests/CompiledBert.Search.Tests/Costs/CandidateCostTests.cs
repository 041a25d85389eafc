using CompiledBert.Compiler;
using CompiledBert.Search.Costs;
using CompiledBert.Search.Space;
using CompiledBert.Search.Strategies;

namespace CompiledBert.Search.Tests.Costs;

public sealed class CandidateCostTests
{
    [Theory]
    [InlineData(Precision.Fp32)]
    [InlineData(Precision.Int8)]
    public void Every_part_of_a_shape_has_its_price(Precision precision)
    {
        var costs = Shapes.Costs(precision);
        var whole = costs.Of(Shapes.MiniLm).Cycles;
        Assert.All(
            new[]
            {
                Shapes.MiniLm with { Layers = [.. Shapes.MiniLm.Layers.Skip(1)] },
                Shapes.MiniLm with { Layers = [Shapes.MiniLm.Layers[0] with { Inner = 768 }, .. Shapes.MiniLm.Layers.Skip(1)] },
                Shapes.MiniLm with { Layers = [Shapes.MiniLm.Layers[0] with { Heads = 8 }, .. Shapes.MiniLm.Layers.Skip(1)] },
                Shapes.MiniLm with { Width = 256, Embedding = 256 },
                Shapes.MiniLm with { Activation = Activation.Relu },
                Shapes.MiniLm with { Norm = Norm.NoNorm },
            },
            smaller => Assert.True(costs.Of(smaller).Cycles < whole, smaller.ToString()));

        var saved = costs.Of(Shapes.MiniLm).WeightBytes - costs.Of(Shapes.MiniLm with { Embedding = 96 }).WeightBytes;
        Assert.InRange(saved / (precision == Precision.Int8 ? 1.0 : 4.0), 0.98 * 30_522 * (384 - 96), 30_522 * (384 - 96));
    }

    [Fact]
    public void A_layer_more_costs_what_a_layer_costs()
    {
        var costs = Shapes.Costs(Precision.Fp32);
        double Of(int layers) => costs.Of(Shapes.MiniLm with { Layers = [.. Shapes.MiniLm.Layers.Take(layers)] }).Cycles;
        Assert.InRange((Of(6) - Of(5)) / (Of(3) - Of(2)), 0.99, 1.01);
    }

    [Fact]
    public void One_limit_on_time_takes_the_place_of_all_and_leaves_those_on_size()
    {
        var costs = Shapes.Costs(Precision.Fp32, "0.001ms@64;9ms@32 on pixel-6", "200MB");
        var cycles = costs.Of(Shapes.MiniLm).Cycles;
        Assert.Equal([LimitKind.Latency, LimitKind.Size], costs.WithTime(cycles).Limits.Select(l => l.Kind));
        Assert.True(costs.WithTime(1.01 * cycles).Of(Shapes.MiniLm).IsWithin);
        Assert.False(costs.WithTime(0.99 * cycles).Of(Shapes.MiniLm).IsWithin);
    }

    [Fact]
    public void Limits_are_held_against_the_plan()
    {
        var cost = Shapes.Costs(Precision.Fp32, "5ms@64;9ms@32 on pixel-6", "8MB", "2MB@64").Of(Shapes.MiniLm);
        Assert.Equal(4, cost.Measures.Count);
        Assert.Equal(["cortex-a76", "pixel-6", "", ""], cost.Measures.Select(m => m.Limit.Target));
        Assert.False(cost.IsWithin);
        Assert.Equal(cost.WeightBytes, cost.Measures[2].Value);
        Assert.True(cost.Measures[3].Value > 0);
        Assert.True(Shapes.Costs(Precision.Fp32, "500ms@64", "200MB", "20MB@64").Of(Shapes.MiniLm).IsWithin);
    }

    [Theory]
    [InlineData("5 parsecs", null, "CBERT0003")]
    [InlineData("5ms@64 on toaster", null, "CBERT0012")]
    [InlineData("5ms@600", null, "CBERT0706")]
    [InlineData(null, "huge", "CBERT0003")]
    public void What_is_no_limit_is_refused(string? latency, string? size, string code) =>
        Assert.Equal(code, Assert.Throws<CompileException>(() => Shapes.Costs(Precision.Fp32, latency, size)).Diagnostic.Code);

    [Fact]
    public void Where_nothing_fits_the_nearest_is_named_with_what_is_missing()
    {
        var exploration = new Exploration(Shapes.Space, Shapes.Costs(Precision.Int8, "1us@64"), new RandomStrategy(), new NoScorer(), 1);
        var refusal = Assert.Throws<CompileException>(() => exploration.Run([], [], 1, 1, CancellationToken.None));
        Assert.Equal("CBERT0802", refusal.Diagnostic.Code);
        Assert.Contains(Shapes.Space.Smallest.ToString(), refusal.Message, StringComparison.Ordinal);
        Assert.Contains("0.001 ms at 64 tokens on cortex-a76", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("% too much", refusal.Message, StringComparison.Ordinal);
    }

    private sealed class NoScorer : IScorer
    {
        public Evaluation Evaluate(Search.Costs.CandidateCost candidate, CancellationToken cancellation) =>
            throw new InvalidOperationException("Nothing fits.");
    }
}
