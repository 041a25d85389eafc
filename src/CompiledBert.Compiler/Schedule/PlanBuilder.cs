using System.Globalization;
using CompiledBert.Compiler.Fusion;
using CompiledBert.Compiler.Graph;
using CompiledBert.Compiler.Packing;
using CompiledBert.Compiler.Quantization;

namespace CompiledBert.Compiler.Schedule;

/// <summary>Puts a plan together: signature, buffers with their places, steps.</summary>
internal static class PlanBuilder
{
    public static ModelPlan Build(ModelGraph graph, FusedModel fused, WeightPacker weights, byte[] hash, CompileOptions options)
    {
        var signature = Signature.Of(graph, options);
        return new ModelPlan
        {
            Name = signature.Name,
            Namespace = options.Namespace,
            IsPublic = options.IsPublic,
            Source = Path.GetFileName(options.ModelPath),
            SourceNodes = graph.SourceNodeCount,
            Threads = options.Threads,
            IsRagged = signature.IsRagged,
            Symbols = signature.Symbols,
            Inputs = signature.Inputs,
            Outputs = signature.Outputs,
            Checks = fused.Checks,
            Limits = TokenLimit.Others(graph, signature.Symbols),
            Weights = new WeightsInfo(weights.Length, Convert.ToHexStringLower(hash)),
            Buffers = [.. BuffersOf(graph, fused, weights)],
            Steps = [.. fused.Steps.Select(step => Contraction.Of(Dequantization.Of(options.Precision == Precision.Int8 ? IntegerAttention.Of(step) : step)))],
        };
    }

    private static IEnumerable<PlanBuffer> BuffersOf(ModelGraph graph, FusedModel fused, WeightPacker weights)
    {
        var used = fused.Steps.SelectMany(BufferUse.Of).ToHashSet(StringComparer.Ordinal);
        for (var i = 0; i < graph.Inputs.Count; i++)
        {
            var input = graph.Inputs[i];
            yield return new PlanBuffer(Id("in", i), FusionContext.Storage(input.Type), input.Shape.Elements, BufferKind.Input, i);
        }

        for (var i = 0; i < graph.Outputs.Count; i++)
        {
            var output = graph.Outputs[i].Value;
            yield return new PlanBuffer(Id("out", i), FusionContext.Storage(output.Type), output.Shape.Elements, BufferKind.Output, i);
        }

        var slots = ArenaPlanner.Assign(fused.Steps, fused.Buffers);
        foreach (var (id, (type, elements)) in fused.Buffers.Arena.Where(b => slots.ContainsKey(b.Key)))
        {
            yield return new PlanBuffer(id, type, elements, BufferKind.Arena, slots[id]);
        }

        for (var i = 0; i < fused.Buffers.Weights.Count; i++)
        {
            var request = fused.Buffers.Weights[i];
            var (type, elements) = WeightPacker.ShapeOf(request);
            if (used.Contains(request.Buffer))
            {
                yield return new PlanBuffer(request.Buffer, type, elements, BufferKind.Weights, weights.Offsets[i]);
            }
        }
    }

    private static string Id(string prefix, int index) => prefix + index.ToString(CultureInfo.InvariantCulture);
}
