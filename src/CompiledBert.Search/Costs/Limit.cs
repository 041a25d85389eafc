using System.Globalization;
using CompiledBert.Compiler;
using CompiledBert.Compiler.Reports;
using CompiledBert.Compiler.Targets;

namespace CompiledBert.Search.Costs;

/// <summary>What a limit is about.</summary>
public enum LimitKind
{
    /// <summary>Milliseconds of a call of one sequence on a core.</summary>
    Latency,

    /// <summary>Bytes of the packed weights.</summary>
    Size,

    /// <summary>Bytes of a call's arena.</summary>
    Memory,
}

/// <summary>What every candidate must keep.</summary>
/// <param name="Kind">What it is about.</param>
/// <param name="Most">Milliseconds or bytes.</param>
/// <param name="Tokens">Of how many tokens; 0 for weights.</param>
/// <param name="Target">The name of the core or device; empty where it does not matter.</param>
/// <param name="Core">The core that the name stands for, a device's fastest; null where it does not matter.</param>
public sealed record Limit(LimitKind Kind, double Most, long Tokens, string Target, Core? Core)
{
    /// <summary>Reads limits as a build's metadata says them: <c>5ms@64 on cortex-a76</c>, <c>8MB</c>, <c>2MB@64</c>; null or empty for none.</summary>
    /// <param name="latency">Times, with semicolons between them.</param>
    /// <param name="size">The weights' size.</param>
    /// <param name="memory">Sizes of the arena, with semicolons between them.</param>
    /// <param name="targets">Where times hold that name no target: on each of these.</param>
    /// <param name="positions">The most tokens of a sequence.</param>
    /// <param name="subject">What messages are about.</param>
    /// <exception cref="CompileException">A limit is not understood, or names what is not known.</exception>
    public static IReadOnlyList<Limit> Parse(string? latency, string? size, string? memory, IReadOnlyList<string> targets, int positions, string subject)
    {
        var limits = new List<Limit>();
        if (latency is { Length: > 0 })
        {
            var budgets = Budget.ParseTimes(latency) ?? throw DiagnosticTable.InvalidMetadata.Error(
                subject, null, "--budget", latency, "5ms@64, 5ms@64 on cortex-a76, several with ; between them");
            foreach (var budget in budgets)
            {
                var names = budget.Target is { } own ? [own] : targets;
                if (names.Count == 0)
                {
                    throw DiagnosticTable.BudgetDoesNotFit.Error(
                        subject, null, "--budget", budget.Text, $"name cores or devices by --target, or here: \"{budget.Text} on cortex-a55\"");
                }

                TargetTable.Resolve(names, subject);
                limits.AddRange(names.Select(name => new Limit(
                    LimitKind.Latency, budget.Limit, TokensOf(budget, "--budget", positions, subject), name.Trim(), TargetTable.Find(name)[0])));
            }
        }

        if (size is { Length: > 0 })
        {
            var bytes = Budget.ParseSize(size) ?? throw DiagnosticTable.InvalidMetadata.Error(subject, null, "--size", size, "8MB, 500kB");
            limits.Add(new Limit(LimitKind.Size, bytes, 0, "", null));
        }

        if (memory is { Length: > 0 })
        {
            var budgets = Budget.ParseMemory(memory)
                ?? throw DiagnosticTable.InvalidMetadata.Error(subject, null, "--memory", memory, "2MB@64, several with ; between them");
            limits.AddRange(budgets.Select(budget =>
                new Limit(LimitKind.Memory, budget.Limit, TokensOf(budget, "--memory", positions, subject), "", null)));
        }

        return limits;
    }

    /// <summary>The limit in words: <c>5 ms at 64 tokens on cortex-a76</c>.</summary>
    public override string ToString() => (Kind, Tokens, Target) switch
    {
        (LimitKind.Latency, _, _) => string.Create(CultureInfo.InvariantCulture, $"{Most:0.###} ms at {Tokens} tokens on {Target}"),
        (LimitKind.Size, _, _) => string.Create(CultureInfo.InvariantCulture, $"{Most / 1e6:0.###} MB of weights"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{Most / 1e6:0.###} MB of arena at {Tokens} tokens"),
    };

    private static long TokensOf(Budget budget, string option, int positions, string subject)
    {
        var tokens = budget.Tokens ?? positions;
        return tokens <= positions
            ? tokens
            : throw DiagnosticTable.BudgetDoesNotFit.Error(
                subject, null, option, budget.Text, string.Create(CultureInfo.InvariantCulture, $"sequences have at most {positions} tokens"));
    }
}
