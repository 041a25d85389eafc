using CompiledBert.Compiler;
using CompiledBert.Compiler.Cost;
using CompiledBert.Compiler.Targets;

namespace CompiledBert.Benchmarks.Cycles;

/// <summary>What the compiler's cost model says of the same calls.</summary>
internal sealed class Estimates
{
    private readonly ModelPlan _plan;

    /// <summary>Compiles the model.</summary>
    public Estimates(string model, Precision precision)
    {
        using var result = CompilePipeline.Compile(new CompileOptions { ModelPath = model, Precision = precision });
        _plan = result.Plan;
    }

    /// <summary>Numbers of the first output of a call of one sequence.</summary>
    /// <param name="tokens">Its length.</param>
    public long Numbers(int tokens) =>
        _plan.Outputs[0].Shape.Aggregate(1L, (product, extent) => product * extent.Evaluate(symbol => symbol.Name == _plan.Symbols[0].Name ? 1 : tokens));

    /// <summary>Cycles of a call, without those that memory takes, as the count has none; null for a core that the compiler does not know.</summary>
    /// <param name="core">The core, with the rate of multiply-adds that is counted with.</param>
    /// <param name="tokens">The length.</param>
    /// <param name="withoutDots">Whether the program runs as on a core without dot products.</param>
    public double? Of(Core core, int tokens, bool withoutDots)
    {
        if (TargetTable.Find(core.Name) is not [var known])
        {
            return null;
        }

        known = known with { MultiplyAdds = core.FmaRateOfModel ?? known.MultiplyAdds, DotProducts = withoutDots ? 0 : known.DotProducts };
        return CostModel.Estimate(_plan, known, 1, tokens).CoreCycles;
    }
}
