using System.Globalization;
using CompiledBert.Compiler.Fusion;
using CompiledBert.Compiler.Graph;
using CompiledBert.Compiler.Packing;
using CompiledBert.Compiler.Schedule;

namespace CompiledBert.Compiler;

/// <summary>The compiler from end to end. It can be called any number of times in a process, from any thread.</summary>
public static class CompilePipeline
{
    /// <summary>The back end: from a canonical graph to a plan and a writer of its weights.</summary>
    internal static CompileResult Lower(ModelGraph graph, CompileOptions options, IDisposable? source)
    {
        var fused = FusionStage.Run(graph);
        var weights = new WeightPacker(fused.Buffers.Weights);
        var hash = weights.ComputeHash();
        var plan = PlanBuilder.Build(graph, fused, weights, hash, options);
        return new CompileResult(plan, PlanWriter.Write(plan), stream => weights.Write(stream, hash), source)
        {
            Summary = Summarize(plan),
        };
    }

    private static string Summarize(ModelPlan plan) => string.Create(
        CultureInfo.InvariantCulture,
        $"{plan.SourceNodes} nodes in, {plan.Steps.Count} fused steps out, weights {plan.Weights.Bytes / 1e6:0.0} MB");
}
