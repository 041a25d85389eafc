namespace CompiledBert.Search.Strategies;

/// <summary>Evaluations by two goals: few cycles, a high score.</summary>
public static class Pareto
{
    /// <summary>Whether one is at least as good in both and better in one.</summary>
    public static bool Dominates(Evaluation a, Evaluation b) =>
        a.Cost.Cycles <= b.Cost.Cycles && a.Score >= b.Score && (a.Cost.Cycles < b.Cost.Cycles || a.Score > b.Score);

    /// <summary>What nothing dominates, by rising cycles; of equals the first.</summary>
    public static IReadOnlyList<Evaluation> Front(IEnumerable<Evaluation> evaluations) => Front(evaluations, e => e.Score);

    /// <summary>What nothing else is both cheaper and better than, by rising cycles; of equals the first.</summary>
    /// <param name="evaluations">The evaluations.</param>
    /// <param name="goal">How good they are; more is better.</param>
    public static IReadOnlyList<Evaluation> Front(IEnumerable<Evaluation> evaluations, Func<Evaluation, double> goal)
    {
        ArgumentNullException.ThrowIfNull(goal);
        var front = new List<Evaluation>();
        foreach (var evaluation in evaluations.OrderBy(e => e.Cost.Cycles).ThenByDescending(goal))
        {
            if (front.Count == 0 || goal(evaluation) > goal(front[^1]))
            {
                front.Add(evaluation);
            }
        }

        return front;
    }

    /// <summary>The area between a front and a corner that all lie within, cycles in logarithms: the larger, the better the front.</summary>
    /// <param name="evaluations">The evaluations.</param>
    /// <param name="mostCycles">The corner's cycles.</param>
    /// <param name="leastScore">The corner's score.</param>
    internal static double Hypervolume(IEnumerable<Evaluation> evaluations, double mostCycles, double leastScore)
    {
        var front = Front(evaluations.Where(e => e.Cost.Cycles < mostCycles && e.Score > leastScore));
        return front.Select((e, i) => (e.Score - leastScore) * Math.Log((i + 1 < front.Count ? front[i + 1].Cost.Cycles : mostCycles) / e.Cost.Cycles)).Sum();
    }
}
