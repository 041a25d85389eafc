using System.Globalization;

namespace CompiledBert.Compiler.Reports;

/// <summary>Two reports side by side: calls on the targets and at the lengths that both have.</summary>
/// <param name="Before">The one that is compared with.</param>
/// <param name="After">The other.</param>
/// <param name="Calls">What both report on, in the order of <paramref name="After"/>.</param>
public sealed record ReportComparison(ModelReport Before, ModelReport After, IReadOnlyList<ReportComparison.Call> Calls)
{
    private const int NamedSteps = 3;

    /// <summary>A call on one core at one length.</summary>
    /// <param name="Target">The target after.</param>
    /// <param name="Tokens">The length.</param>
    /// <param name="Before">Milliseconds before, steps of unknown cost left out.</param>
    /// <param name="After">Milliseconds after.</param>
    /// <param name="Steps">Steps that differ, those that grew most first.</param>
    public sealed record Call(TargetReport Target, long? Tokens, double Before, double After, IReadOnlyList<StepChange> Steps)
    {
        /// <summary>The time after over that before, less one.</summary>
        public double Growth => Before > 0 ? (After / Before) - 1 : After > 0 ? double.PositiveInfinity : 0;
    }

    /// <summary>A step before and after; null milliseconds where one side does not have it or does not know its cost.</summary>
    public sealed record StepChange(string Title, double? Before, double? After)
    {
        /// <summary>Milliseconds more.</summary>
        public double Growth => (After ?? 0) - (Before ?? 0);
    }

    /// <summary>Compares two reports.</summary>
    public static ReportComparison Of(ModelReport before, ModelReport after) => new(before, after, [
        .. from target in after.Targets
           from old in before.Targets.Where(t => t.Target == target.Target && t.Core == target.Core).Take(1)
           from length in after.Lengths.Select((l, i) => (l.Tokens, Index: i))
           from oldLength in before.Lengths.Select((l, i) => (l.Tokens, Index: i)).Where(l => l.Tokens == length.Tokens)
           let cost = target.Costs[length.Index]
           let oldCost = old.Costs[oldLength.Index]
           select new Call(target, length.Tokens, old.MillisecondsOf(oldCost.Cycles), target.MillisecondsOf(cost.Cycles),
               Changes(Times(before, old, oldCost), Times(after, target, cost)))]);

    /// <summary>What has become worse by more than a share: the slowest call's and sizes' growth, as words; empty where nothing has.</summary>
    public IReadOnlyList<string> Worse(double tolerance)
    {
        var worse = new List<string>();
        if (Calls.OrderByDescending(c => c.Growth).FirstOrDefault() is { } call && call.Growth > tolerance)
        {
            var others = Calls.Count(c => c.Growth > tolerance) - 1;
            var grown = call.Steps.Where(s => s.Growth > 0).Take(NamedSteps).Select(s => $"{s.Title} ({Number(s.Before)} → {Number(s.After)})");
            worse.Add(
                $"a call of {call.Tokens?.ToString(CultureInfo.InvariantCulture) ?? "fixed"} tokens on {call.Target.Label} "
                    + $"takes {Number(call.After)} instead of {Number(call.Before)}, {Percent(call.Growth)} more (an estimate)"
                + (others > 0 ? $"; {others} other calls grew too" : "") + ". Steps that grew: " + string.Join(", ", grown));
        }

        Grown("the weights take", Before.WeightsBytes, After.WeightsBytes);
        var (then, now) = After.Lengths
            .SelectMany(l => Before.Lengths.Where(b => b.Tokens == l.Tokens).Select(b => (b.ArenaBytes, l.ArenaBytes)))
            .OrderByDescending(p => p.Item2 / Math.Max(1.0, p.Item1)).FirstOrDefault();
        Grown("the arena of a call takes", then, now);
        return worse;

        void Grown(string what, long before, long after)
        {
            if (after > before * (1 + tolerance))
            {
                worse.Add(string.Create(
                    CultureInfo.InvariantCulture, $"{what} {after} bytes instead of {before}, {Percent(((double)after / Math.Max(1, before)) - 1)} more"));
            }
        }
    }

    private static Dictionary<string, double?> Times(ModelReport report, TargetReport target, CallReport cost)
    {
        // Several steps may have one title; the first is then compared with the first, and so on.
        var times = new Dictionary<string, double?>(StringComparer.Ordinal);
        for (var i = 0; i < report.Steps.Count; i++)
        {
            var title = report.Steps[i].Title;
            for (var n = 2; times.ContainsKey(title); n++)
            {
                title = string.Create(CultureInfo.InvariantCulture, $"{report.Steps[i].Title} #{n}");
            }

            times[title] = cost.StepCycles[i] is { } cycles ? target.MillisecondsOf(cycles) : null;
        }

        return times;
    }

    private static List<StepChange> Changes(Dictionary<string, double?> before, Dictionary<string, double?> after) =>
    [
        .. after.Select(a => new StepChange(a.Key, before.GetValueOrDefault(a.Key), a.Value))
            .Concat(before.Where(b => !after.ContainsKey(b.Key)).Select(b => new StepChange(b.Key, b.Value, null)))
            .Where(c => c.Before != c.After)
            .OrderByDescending(c => c.Growth).ThenBy(c => c.Title, StringComparer.Ordinal),
    ];

    private static string Number(double? milliseconds) => milliseconds is { } ms ? ReportTable.Number(ms) + " ms" : "nothing";

    private static string Percent(double share) => double.IsFinite(share) ? (100 * share).ToString("0.##", CultureInfo.InvariantCulture) + " %" : "infinitely";
}
