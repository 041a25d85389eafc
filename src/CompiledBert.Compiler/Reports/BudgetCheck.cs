using System.Globalization;
using CompiledBert.Compiler.Targets;

namespace CompiledBert.Compiler.Reports;

/// <summary>Holds budgets against a plan. What is kept is silent.</summary>
public static class BudgetCheck
{
    private const int NamedSteps = 3;

    /// <summary>Milliseconds of a call: on each target the fastest core, unless a budget names another.</summary>
    /// <exception cref="CompileException">A budget does not fit the model, or names no known target.</exception>
    public static IEnumerable<Diagnostic> Latency(ModelPlan plan, CompileOptions options, IReadOnlyList<Budget> budgets)
    {
        foreach (var budget in budgets)
        {
            var names = budget.Target is { } target ? [target] : options.Targets;
            if (names.Count == 0)
            {
                throw DoesNotFit("LatencyBudget", budget, options, $"name the cores or devices in Targets, or here: \"{budget.Text} on cortex-a55\"");
            }

            TargetTable.Resolve(names, options.ModelPath);
            var report = ReportAt(plan, options with { Targets = names }, "LatencyBudget", budget);
            foreach (var name in names)
            {
                var on = report.Targets.First(t => string.Equals(t.Target, name.Trim(), StringComparison.OrdinalIgnoreCase));
                var (cost, call) = (on.Costs[0], CallOf(budget));
                var milliseconds = on.MillisecondsOf(cost.Cycles);
                if (milliseconds > budget.Limit)
                {
                    var largest = Largest(report, i => cost.StepCycles[i] ?? 0, cycles => ReportTable.Number(on.MillisecondsOf(cycles)) + " ms");
                    yield return DiagnosticTable.LatencyBudget.At(
                        options.ModelPath, null, call, (cost.UnknownSteps > 0 ? "more than " : "") + Exact(milliseconds),
                        $"{on.Label} at {Exact(on.Gigahertz)} GHz", Over(milliseconds, budget.Limit), Exact(budget.Limit), largest);
                }
                else if (cost.UnknownSteps > 0)
                {
                    var unknown = report.Steps.Where((_, i) => cost.StepCycles[i] is null).Select(s => s.Title).Take(NamedSteps);
                    yield return DiagnosticTable.BudgetUndecided.At(options.ModelPath, null, on.Label, cost.UnknownSteps, string.Join(", ", unknown));
                }
            }
        }
    }

    /// <summary>Bytes of the weights.</summary>
    public static IEnumerable<Diagnostic> Size(ModelPlan plan, CompileOptions options, double limit)
    {
        if (plan.Weights.Bytes > limit)
        {
            var report = ReportBuilder.Build(new CompileResult(plan, "", _ => { }, null), options, lengths: []);
            var bytes = report.Weights.Where(w => w.Steps.Count > 0).ToLookup(w => w.Steps[0], w => w.Bytes);
            yield return DiagnosticTable.SizeBudget.At(
                options.ModelPath, null, plan.Weights.Bytes, Over(plan.Weights.Bytes, limit), Exact(limit), Largest(report, i => bytes[i].Sum(), Bytes));
        }
    }

    /// <summary>Bytes of a call's arena.</summary>
    /// <exception cref="CompileException">A budget does not fit the model.</exception>
    public static IEnumerable<Diagnostic> Memory(ModelPlan plan, CompileOptions options, IReadOnlyList<Budget> budgets)
    {
        foreach (var asked in budgets)
        {
            var budget = asked with { Tokens = asked.Tokens ?? plan.Symbols.FirstOrDefault(s => s.Role == SymbolRole.Tokens)?.Max };
            var report = ReportAt(plan, options, "MemoryBudget", budget);
            var bytes = report.Lengths[0].ArenaBytes;
            if (bytes > budget.Limit)
            {
                long Live(int step) => report.Buffers.Where(b => b.First <= step && step <= b.Last).Sum(b => b.Bytes[0]);
                yield return DiagnosticTable.MemoryBudget.At(
                    options.ModelPath, null, CallOf(budget), bytes, Over(bytes, budget.Limit), Exact(budget.Limit), Largest(report, Live, Bytes));
            }
        }
    }

    private static ModelReport ReportAt(ModelPlan plan, CompileOptions options, string metadata, Budget budget)
    {
        var tokens = plan.Symbols.FirstOrDefault(s => s.Role == SymbolRole.Tokens);
        if (budget.Tokens is { } asked && tokens is null)
        {
            throw DoesNotFit(metadata, budget, options, "the shapes of the model are fixed, so leave out @" + Exact(asked));
        }

        if (budget.Tokens > tokens?.Max)
        {
            throw DoesNotFit(metadata, budget, options, $"the model takes at most {Exact(tokens.Max.Value)} tokens");
        }

        if (tokens is not null && budget.Tokens is null)
        {
            throw DoesNotFit(metadata, budget, options, $"say for how many tokens, such as \"{budget.Text.Split(" on ")[0]}@128\"");
        }

        return ReportBuilder.Build(new CompileResult(plan, "", _ => { }, null), options, lengths: [budget.Tokens ?? 1]);
    }

    private static CompileException DoesNotFit(string metadata, Budget budget, CompileOptions options, string why) =>
        DiagnosticTable.BudgetDoesNotFit.Error(options.ModelPath, null, metadata, budget.Text, why);

    private static string Largest(ModelReport report, Func<int, long> valueOf, Func<long, string> format) =>
        string.Join(", ", Enumerable.Range(0, report.Steps.Count)
        .Select(i => (Step: i, Value: valueOf(i)))
        .OrderByDescending(s => s.Value).ThenBy(s => s.Step)
        .Take(NamedSteps)
        .Select(s => $"{report.Steps[s.Step].Title} ({format(s.Value)})"));

    private static string CallOf(Budget budget) => budget.Tokens is { } tokens ? Exact(tokens) + " tokens" : "fixed shapes";

    private static string Over(double value, double limit) => Exact(100 * ((value / limit) - 1));

    private static string Bytes(long bytes) => Exact(bytes) + " bytes";

    private static string Exact(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);
}
