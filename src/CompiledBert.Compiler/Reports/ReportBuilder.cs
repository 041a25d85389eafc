using CompiledBert.Compiler.Cost;
using CompiledBert.Compiler.Schedule;
using CompiledBert.Compiler.Targets;

namespace CompiledBert.Compiler.Reports;

/// <summary>Makes the report of a compiled model.</summary>
public static class ReportBuilder
{
    private static readonly long[] UsualLengths = [8, 16, 32, 64, 128, 256, 512];

    /// <summary>What is shown where no targets are named: a phone with its small core, one of another make, a server.</summary>
    private static readonly string[] Examples = ["android-mid", "iphone-12", "zen4"];

    /// <summary>The report of a compiled model.</summary>
    /// <param name="result">What the compiler made.</param>
    /// <param name="options">What it was asked for.</param>
    /// <param name="emittedBytes">Bytes of the emitted C#, where it is emitted already.</param>
    /// <param name="lengths">Tokens to report on instead of the usual lengths.</param>
    /// <exception cref="CompileException">A target is not known.</exception>
    public static ModelReport Build(CompileResult result, CompileOptions options, long? emittedBytes = null, IReadOnlyList<long>? lengths = null)
    {
        var plan = result.Plan;
        var calls = LengthsOf(plan, lengths).Select(tokens => new Call(plan, tokens)).ToList();
        var traffic = calls.ConvertAll(call => CostModel.Estimate(plan, TargetTable.Cores[0], call.LengthOf).Steps);
        return new ModelReport
        {
            Name = plan.Namespace.Length == 0 ? plan.Name : plan.Namespace + "." + plan.Name,
            Source = plan.Source,
            Precision = options.Precision.ToString().ToLowerInvariant(),
            SourceNodes = plan.SourceNodes,
            WeightsBytes = plan.Weights.Bytes,
            EmittedBytes = emittedBytes,
            Lengths = calls.ConvertAll(call => LengthOf(call, result.NodeByNodeBytes)),
            Steps = [.. plan.Steps.Select((step, i) => StepOf(step, calls, [.. traffic.Select(t => t[i].Bytes)], result.Quality.Weights))],
            AreTargetsChosen = options.Targets.Count > 0,
            Targets = [.. TargetsOf(options).Select(target => TargetOf(target.Name, target.Core, calls))],
            Buffers = BuffersOf(plan, calls),
            Weights = WeightsOf(result),
        };
    }

    /// <summary>A call of one length.</summary>
    private sealed record Call(ModelPlan Plan, long? Tokens)
    {
        private readonly HashSet<string> _batches = [.. Plan.Symbols.Where(s => s.Role == SymbolRole.Batch).Select(s => s.Name)];

        public long LengthOf(Symbol symbol) => _batches.Contains(symbol.Name) ? 1 : Tokens ?? 1;
    }

    private static IEnumerable<long?> LengthsOf(ModelPlan plan, IReadOnlyList<long>? lengths)
    {
        var tokens = plan.Symbols.FirstOrDefault(s => s.Role == SymbolRole.Tokens);
        if (tokens is null && plan.Symbols.All(s => s.Role == SymbolRole.Batch))
        {
            return [null];
        }

        var most = tokens?.Max ?? UsualLengths[^1];
        return (lengths ?? [.. UsualLengths.Where(l => l < most), Math.Min(most, UsualLengths[^1])])
            .Where(l => l <= (tokens?.Max ?? l)).Distinct().Order().Select(l => (long?)l);
    }

    private static IEnumerable<(string Name, Core Core)> TargetsOf(CompileOptions options)
    {
        TargetTable.Resolve(options.Targets, options.ModelPath);
        return
            from name in options.Targets.Count > 0 ? options.Targets : Examples
            from core in TargetTable.Find(name)
            select (name.Trim().ToLowerInvariant(), options.Profile?.ApplyTo(core) ?? core);
    }

    private static LengthReport LengthOf(Call call, Dim nodeByNode) => new(
        call.Tokens,
        ArenaPlanner.BytesOf(call.Plan, call.LengthOf),
        nodeByNode.Evaluate(call.LengthOf),
        call.Plan.Buffers.Where(b => b.Kind == BufferKind.Arena).Sum(b => BytesOf(b, call)));

    private static StepReport StepOf(Step step, IReadOnlyList<Call> calls, IReadOnlyList<long> bytes, IReadOnlyDictionary<string, double> signalToNoise)
    {
        var kind = step switch { LinearStep => "linear", AttentionStep => "attention", MatMulStep => "matmul", _ => "nest" };
        var isInteger = step is LinearStep { IsInteger: true } or AttentionStep { IsInteger: true };
        var noise = isInteger ? step.Origins.Where(signalToNoise.ContainsKey).Select(o => (double?)Math.Round(signalToNoise[o], 2)).Min() : null;
        return new StepReport(
            step.Title, kind, LayerOf(step.Title), step is NestStep ? null : isInteger ? "int8" : "fp32", step.Origins,
            [.. calls.Select(call => StepWork.Operations(step, call.LengthOf))], bytes, noise);
    }

    /// <summary>The layer that a title begins with: <c>layer 3 · …</c>.</summary>
    private static string? LayerOf(string title) =>
        title.StartsWith("layer ", StringComparison.Ordinal) && title.IndexOf(" · ", StringComparison.Ordinal) is var end and > 0
            ? title["layer ".Length..end]
            : null;

    private static TargetReport TargetOf(string target, Core core, IReadOnlyList<Call> calls)
    {
        // Two operations a multiply-add; four products of integers a lane, by one dot product or by two multiplications that widen.
        var floats = 2 * core.MultiplyAdds * core.Lanes * core.Gigahertz;
        var integers = 8 * core.Lanes * core.Gigahertz * (core.DotProducts > 0 ? core.DotProducts : core.IntegerMultiplies / 2);
        return new TargetReport(
            target, core.Name, core.Title, core.Gigahertz, Math.Round(floats, 3), Math.Round(integers, 3), core.MemoryGigabytes,
            [.. calls.Select(call => CostOf(core, call))]) { IsCorrected = core.IsCorrected };
    }

    private static CallReport CostOf(Core core, Call call)
    {
        var steps = CostModel.Estimate(call.Plan, core, call.LengthOf).Steps;
        return new CallReport([.. steps.Select(s => s.Cycles is { } cycles ? (long?)Math.Round(cycles) : null)], [.. steps.Select(s => s.IsMemoryBound)]);
    }

    private static List<BufferReport> BuffersOf(ModelPlan plan, IReadOnlyList<Call> calls)
    {
        var uses = UsesOf(plan);
        return
        [
            .. plan.Buffers.Where(b => b.Kind == BufferKind.Arena && uses.ContainsKey(b.Id)).Select(b => new BufferReport(
                b.Id, b.Place, uses[b.Id][0], uses[b.Id][^1], b.Elements.ToString(), b.Type.ToString(), [.. calls.Select(call => BytesOf(b, call))])),
        ];
    }

    private static List<WeightReport> WeightsOf(CompileResult result)
    {
        var uses = UsesOf(result.Plan);
        var placed = new HashSet<long>();
        return
        [
            .. result.Plan.Buffers.Where(b => b.Kind == BufferKind.Weights).Select(b => new WeightReport(
                b.Id, result.WeightNames.GetValueOrDefault(b.Id, b.Id), b.Type.ToString(),
                placed.Add(b.Place) ? b.Elements.Value * b.Type.BitsOf() / 8 : 0, uses.GetValueOrDefault(b.Id) ?? [])),
        ];
    }

    private static Dictionary<string, List<int>> UsesOf(ModelPlan plan)
    {
        var uses = new Dictionary<string, List<int>>(StringComparer.Ordinal);
        for (var i = 0; i < plan.Steps.Count; i++)
        {
            foreach (var buffer in BufferUse.Of(plan.Steps[i]))
            {
                (uses.TryGetValue(buffer, out var steps) ? steps : uses[buffer] = []).Add(i);
            }
        }

        return uses;
    }

    private static long BytesOf(PlanBuffer buffer, Call call) => buffer.Elements.Evaluate(call.LengthOf) * buffer.Type.BitsOf() / 8;
}
