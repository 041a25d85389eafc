using CompiledBert.Compiler;
using CompiledBert.Compiler.Cost;
using CompiledBert.Compiler.Schedule;
using CompiledBert.Compiler.Targets;
using CompiledBert.Search.Graphs;
using CompiledBert.Search.Space;

namespace CompiledBert.Search.Costs;

/// <summary>
/// Costs candidates as the compiler would compile them: shape → graph → passes → plan → cost. Weights are unknown and never read. Nothing is kept between
/// candidates, and any number of threads may ask at once.
/// </summary>
/// <param name="task">What the candidates have in common.</param>
/// <param name="precision">What they will be compiled in.</param>
/// <param name="limits">What they must keep.</param>
/// <param name="reference">The core and the tokens that candidates are ranked by.</param>
public sealed class CandidateCosts(BertTask task, Precision precision, IReadOnlyList<Limit> limits, (Core Core, long Tokens) reference)
{
    /// <summary>What candidates must keep.</summary>
    public IReadOnlyList<Limit> Limits => limits;

    /// <summary>The core and the tokens that candidates are ranked by.</summary>
    public (Core Core, long Tokens) Reference => reference;

    /// <summary>The cost of a candidate.</summary>
    public CandidateCost Of(BertShape shape)
    {
        var plan = PlanOf(shape);
        var cycles = CostModel.Estimate(plan, reference.Core, 1, reference.Tokens).Cycles;
        return new CandidateCost(shape, cycles, plan.Weights.Bytes, [.. limits.Select(limit => new Measure(limit, ValueOf(plan, limit)))]);
    }

    /// <summary>The same with one limit on time, on the core and of the tokens that candidates are ranked by, in place of those that there are.</summary>
    /// <param name="cycles">The most cycles.</param>
    public CandidateCosts WithTime(double cycles)
    {
        var (core, tokens) = reference;
        var latency = new Limit(LimitKind.Latency, cycles / core.Gigahertz / 1e6, tokens, core.Name, core);
        return new CandidateCosts(task, precision, [latency, .. limits.Where(l => l.Kind != LimitKind.Latency)], reference);
    }

    /// <summary>The plan of a candidate; its weights are unknown.</summary>
    public ModelPlan PlanOf(BertShape shape) =>
        CompilePipeline.Plan(
            BertGraph.Of(shape, task, new UnknownBertWeights()),
            new CompileOptions { ModelPath = "candidate.onnx", Name = "Candidate", Precision = precision });

    private static double ValueOf(ModelPlan plan, Limit limit) => limit.Kind switch
    {
        LimitKind.Latency => CostModel.Estimate(plan, limit.Core!, 1, limit.Tokens).Milliseconds,
        LimitKind.Size => plan.Weights.Bytes,
        _ => ArenaPlanner.BytesOf(plan, symbol => symbol.Name == plan.Symbols[0].Name ? 1 : limit.Tokens),
    };
}
