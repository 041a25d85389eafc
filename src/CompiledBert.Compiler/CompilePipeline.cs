using System.Globalization;
using CompiledBert.Compiler.Cost;
using CompiledBert.Compiler.Fusion;
using CompiledBert.Compiler.Graph;
using CompiledBert.Compiler.Heads;
using CompiledBert.Compiler.Onnx;
using CompiledBert.Compiler.Packing;
using CompiledBert.Compiler.Passes;
using CompiledBert.Compiler.Quantization;
using CompiledBert.Compiler.Reports;
using CompiledBert.Compiler.Schedule;
using CompiledBert.Compiler.Targets;

namespace CompiledBert.Compiler;

/// <summary>The compiler from end to end. It can be called any number of times in a process, from any thread.</summary>
public static class CompilePipeline
{
    /// <summary>Tokens of the sequence for which the summary states the arena.</summary>
    private const long UsualTokens = 128;

    /// <summary>Compiles a model. Weights are read when they are packed, so the result keeps the model's files mapped until it is disposed.</summary>
    /// <exception cref="CompileException">The file is no sound model, uses what is not supported, or is asked for what it does not have.</exception>
    public static CompileResult Compile(CompileOptions options)
    {
        TargetTable.Resolve(options.Targets, options.ModelPath);
        if (options is { Calibration: { } calibration, Precision: not Precision.Int8 })
        {
            throw DiagnosticTable.InvalidCalibration.Error(
                options.ModelPath, null, calibration.Name, "It is for Precision=\"int8\": in fp32 nothing is rounded.");
        }

        var model = OnnxModel.Open(options.ModelPath);
        try
        {
            var outputs = model.Outputs.Select(o => (o.Name, o.Rank)).ToList();
            var text = TextReading.Of(options, outputs);
            var graph = model.Import(text.Text?.ChooseOutputs(outputs) ?? options.Outputs);
            var nodeByNode = Dim.Zero;
            QuantizationQuality? quality = null;
            if (!options.SignatureOnly)
            {
                nodeByNode = Intermediates.BytesOf(graph);
                quality = Canonicalize(graph, options);
            }

            return options.SignatureOnly ? Stub(graph, options, model, text) : Lower(graph, options, model, text, nodeByNode, quality);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>
    /// The plan of a graph that may have no weights (<see cref="ModelGraph.WeightsUnknown"/>): what it costs can be known before it is trained. The graph is
    /// rewritten on the way.
    /// </summary>
    /// <param name="graph">The graph. Its matrices are not read where they are unknown; the plan's hash of the weights is zero then.</param>
    /// <param name="options">What is asked for; the model's path names it in messages and need not exist.</param>
    public static ModelPlan Plan(ModelGraph graph, CompileOptions options)
    {
        Canonicalize(graph, options);
        var fused = FusionStage.Run(graph);
        var weights = new WeightPacker(fused.Buffers.Weights, areUnknown: graph.WeightsUnknown);
        return PlanBuilder.Build(graph, fused, weights, graph.WeightsUnknown ? new byte[32] : weights.ComputeHash(), options);
    }

    /// <summary>The middle: from a graph as its model says it to the one that is fused.</summary>
    private static QuantizationQuality Canonicalize(ModelGraph graph, CompileOptions options)
    {
        PassPipeline.Run(graph);
        IntegerRecognition.Run(graph);

        // Nothing above reads large matrices, and what follows would read them all.
        graph.WeightsUnknown |= !options.ReadsWeights;
        return options.Precision == Precision.Int8 ? Quantize(graph, options) : new QuantizationQuality();
    }

    private static QuantizationQuality Quantize(ModelGraph graph, CompileOptions options)
    {
        var quality = QuantizationStage.Run(graph, options.Calibration);
        if (!graph.WeightsUnknown)
        {
            // Rows that were sampled have lived long enough to be taken for lasting ones, and would stay until the end.
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        }

        return quality;
    }

    /// <summary>A plan with the signature only: enough for an editor to know the class.</summary>
    private static CompileResult Stub(ModelGraph graph, CompileOptions options, OnnxModel source, TextReading text)
    {
        var weights = new WeightPacker([]);
        var plan = PlanBuilder.Build(graph, new FusedModel([], new BufferTable(), []), weights, new byte[32], options) with { IsStub = true };
        plan = plan with { Head = text.Text?.HeadOf(plan, OutputActivations.Of(graph), 0) };
        return new CompileResult(plan, PlanWriter.Write(plan), stream => weights.Write(stream, new byte[32]), source)
        {
            FilesRead = [.. source.FilesRead, .. text.Files],
            Summary = "signature only",
        };
    }

    /// <summary>The back end: from a canonical graph to a plan and a writer of its weights.</summary>
    internal static CompileResult Lower(
        ModelGraph graph, CompileOptions options, OnnxModel? source, TextReading? text = null, Dim? nodeByNode = null, QuantizationQuality? quality = null)
    {
        var activation = OutputActivations.Of(graph);
        var fused = FusionStage.Run(graph);
        var weights = new WeightPacker(fused.Buffers.Weights, text?.Text?.Trailer.Bytes);
        var hash = options.ReadsWeights ? weights.ComputeHash() : new byte[32];
        var plan = PlanBuilder.Build(graph, fused, weights, hash, options);
        plan = plan with { Head = text?.Text?.HeadOf(plan, activation, weights.TrailerAt) };
        return new CompileResult(plan, PlanWriter.Write(plan), Write, source)
        {
            FilesRead = [.. source?.FilesRead ?? [], .. text?.Files ?? []],
            Diagnostics = graph.Warnings,
            TextDecisions = text?.Text?.Decisions ?? [],
            NodeByNodeBytes = nodeByNode ?? Dim.Zero,
            WeightNames = fused.Buffers.Weights.ToDictionary(w => w.Buffer, w => w.Name, StringComparer.Ordinal),
            Quality = quality ?? new QuantizationQuality(),
            Summary = Summarize(plan, options) + (plan.Head is { } head ? ", texts: " + PlanText.Name(head.Kind) : text?.Remark) + Kept(quality),
        };

        void Write(Stream stream)
        {
            if (!options.ReadsWeights)
            {
                throw new InvalidOperationException("The plan was made without weights.");
            }

            weights.Write(stream, hash);
        }
    }

    private static string Summarize(ModelPlan plan, CompileOptions options)
    {
        var tokens = plan.Symbols.FirstOrDefault(s => s.Role == SymbolRole.Tokens);
        var length = Math.Min(UsualTokens, tokens?.Max ?? UsualTokens);
        var arena = ArenaPlanner.BytesOf(plan, symbol => plan.Symbols.Any(s => s.Name == symbol.Name && s.Role == SymbolRole.Batch) ? 1 : length);
        var at = plan.Symbols.Count == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" at {length} tokens");
        var costs = options.Targets
            .Select(name => CostModel.Estimate(plan, Corrected(TargetTable.Resolve([name], options.ModelPath)[0], options), 1, length))
            .ToList();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{plan.SourceNodes} nodes in, {plan.Steps.Count} fused steps out, "
                + $"weights {plan.Weights.Bytes / 1e6:0.0} MB, arena {arena / 1e6:0.0} MB{at}{string.Concat(costs.Select(Estimated))}");
    }

    private static string Kept(QuantizationQuality? quality) => quality is { Kept: > 0 and var kept }
        ? string.Create(
            CultureInfo.InvariantCulture, $", {kept} {(kept == 1 ? "product" : "products")} kept in fp32, whose results 8 bits would have changed too much")
        : "";

    private static Core Corrected(Core core, CompileOptions options) => options.Profile?.ApplyTo(core) ?? core;

    private static string Estimated(PlanCost cost) => string.Create(
        CultureInfo.InvariantCulture,
        $", {(cost.UnknownSteps > 0 ? "more than" : "about")} {cost.Milliseconds:0.0} ms "
            + $"on {cost.Core.Name} at {cost.Core.Gigahertz:0.0#} GHz (an estimate{(cost.Core.IsCorrected ? ", corrected by a profile" : "")})");
}
