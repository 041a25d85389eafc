using CompiledBert.Compiler.Cost;
using CompiledBert.Compiler.Targets;
using CompiledBert.Compiler.Tests.Fusion;
using Xunit;

namespace CompiledBert.Compiler.Tests.Cost;

public class CostModelTests
{
    private static readonly ModelPlan Tiny = PlanCheck.Compile(new TinyBert(2).Graph).Plan;

    public static TheoryData<string> Cores => [.. TargetTable.Cores.Select(c => c.Name)];

    [Theory]
    [MemberData(nameof(Cores))]
    public void Every_step_of_a_bert_has_a_cost_that_grows_with_its_tokens(string name)
    {
        var core = TargetTable.Find(name)[0];
        PlanCost? before = null;
        foreach (var tokens in new[] { 1, 5, 16 })
        {
            var cost = CostModel.Estimate(Tiny, core, 1, tokens);
            Assert.Equal(0, cost.UnknownSteps);
            Assert.Equal(Tiny.Steps, cost.Steps.Select(s => s.Step));
            Assert.All(cost.Steps, s => Assert.True(s.Cycles > 0 && s.Bytes > 0));
            Assert.True(before is null || (cost.Cycles > before.Cycles && cost.Bytes > before.Bytes));
            before = cost;
        }

        Assert.Equal(before!.Cycles, CostModel.Estimate(Tiny, core, 1, 16).Cycles);
    }

    [Theory]
    [MemberData(nameof(Cores))]
    public void A_product_costs_at_least_its_multiply_adds_and_not_much_more(string name)
    {
        var core = TargetTable.Find(name)[0];
        var limit = 120.0 * 768 * 768 / core.Lanes / core.MultiplyAdds;
        Assert.InRange(Product(core, 120, 768, 768), limit, 1.6 * limit);

        // One row has no other work to do while a multiply-add's result is awaited.
        Assert.True(Product(core, 1, 768, 768) > limit / 120);
    }

    [Theory]
    [MemberData(nameof(Cores))]
    public void A_product_of_integers_costs_at_least_its_instructions_and_not_much_more(string name)
    {
        // Sixteen products an instruction of 512 bits by words, four times as many by dot products.
        var core = TargetTable.Find(name)[0];
        var rate = core.DotProducts > 0 ? 4 * core.Lanes * core.DotProducts : 2 * core.Lanes * core.IntegerMultiplies;
        var limit = 120.0 * 768 * 768 / rate;
        Assert.InRange(Product(core, 120, 768, 768, isInteger: true), limit, (core.IsInOrder ? 2.5 : 1.8) * limit);
    }

    [Fact]
    public void A_step_of_unknown_cost_is_unknown_and_not_free()
    {
        var step = new NestStep
        {
            Title = "unheard of",
            Origins = [],
            Body =
            [
                new Loop("i", Dim.Of(100), LoopKind.Lanes,
                [
                    new Load("x", DataType.Float32, new Access("in0", Dim.Zero, [new AccessTerm("i", Dim.One)])),
                    new Let("y", DataType.Float32, "conjure", ["x"]),
                    new Store(new Access("out0", Dim.Zero, [new AccessTerm("i", Dim.One)]), "y"),
                ]),
            ],
        };
        var known = CostModel.Estimate(Tiny, KnownCores.CortexA76, 1, 8);
        var cost = CostModel.Estimate(Tiny with { Steps = [.. Tiny.Steps, step] }, KnownCores.CortexA76, 1, 8);
        Assert.Null(cost.Steps[^1].Cycles);
        Assert.Equal(1, cost.UnknownSteps);
        Assert.Equal(known.Cycles, cost.Cycles);
    }

    [Fact]
    public void Weights_that_fit_no_cache_take_the_time_that_memory_takes()
    {
        var core = KnownCores.CortexA76;
        var near = CostModel.Estimate(Tiny, core, 1, 1);
        var far = CostModel.Estimate(Tiny with { Weights = Tiny.Weights with { Bytes = core.LastLevel + 1 } }, core with { MemoryGigabytes = 0.001 }, 1, 1);
        Assert.DoesNotContain(near.Steps, s => s.IsMemoryBound);
        Assert.Equal(near.CoreCycles, far.CoreCycles);
        var linear = far.Steps.First(s => s.Step is LinearStep);
        Assert.True(linear.IsMemoryBound);
        Assert.Equal(linear.MemoryCycles, linear.Cycles);
    }

    [Fact]
    public void A_core_that_issues_in_order_waits_for_its_chains()
    {
        var inOrder = CostModel.Estimate(Tiny, KnownCores.CortexA55, 1, 16);
        var same = CostModel.Estimate(Tiny, KnownCores.CortexA55 with { IsInOrder = false }, 1, 16);
        Assert.True(inOrder.CoreCycles > same.CoreCycles);
    }

    private static double Product(Core core, long m, long n, long k, bool isInteger = false)
    {
        var step = new LinearStep
        {
            Title = "linear",
            Origins = [],
            Rows = Dim.Of(m),
            IsInteger = isInteger,
            N = n,
            K = k,
            X = new RowOperand("in0", Dim.Zero, Dim.Of(k)),
            Weights = "w",
            Y = new RowOperand("out0", Dim.Zero, Dim.Of(n)),
        };
        return CostModel.Estimate(Tiny with { Steps = [step] }, core, 1, 1).CoreCycles;
    }
}
