namespace CompiledBert.Search.Strategies;

/// <summary>Evaluations by two goals: few cycles, a high score.</summary>
public static class Pareto
{
    /// <summary>Whether one is at least as good in both and better in one.</summary>
    public static bool Dominates(Evaluation a, Evaluation b) =>
        a.Cost.Cycles <= b.Cost.Cycles && a.Score >= b.Score && (a.Cost.Cycles < b.Cost.Cycles || a.Score > b.Score);

    /// <summary>What nothing dominates, by rising cycles; of equals the first.</summary>
    public static IReadOnlyList<Evaluation> Front(IEnumerable<Evaluation> evaluations)
    {
        var front = new List<Evaluation>();
        foreach (var evaluation in evaluations.OrderBy(e => e.Cost.Cycles).ThenByDescending(e => e.Score))
        {
            if (front.Count == 0 || evaluation.Score > front[^1].Score)
            {
                front.Add(evaluation);
            }
        }

        return front;
    }

    /// <summary>All from best to worst: front by front, within a front the lonely before the crowded (NSGA-II, Deb et al. 2002).</summary>
    public static IReadOnlyList<Evaluation> Ranked(IEnumerable<Evaluation> evaluations)
    {
        var rest = evaluations.ToList();
        var ranked = new List<Evaluation>(rest.Count);
        while (rest.Count > 0)
        {
            var front = Front(rest);
            ranked.AddRange(front.Select((e, i) => (Evaluation: e, Room: RoomOf(front, i))).OrderByDescending(e => e.Room).Select(e => e.Evaluation));
            rest.RemoveAll(e => front.Any(f => ReferenceEquals(f, e)));
        }

        return ranked;
    }

    /// <summary>The area between a front and a corner that all lie within, cycles in logarithms: the larger, the better the front.</summary>
    /// <param name="evaluations">The evaluations.</param>
    /// <param name="mostCycles">The corner's cycles.</param>
    /// <param name="leastScore">The corner's score.</param>
    public static double Hypervolume(IEnumerable<Evaluation> evaluations, double mostCycles, double leastScore)
    {
        var front = Front(evaluations.Where(e => e.Cost.Cycles < mostCycles && e.Score > leastScore));
        return front.Select((e, i) => (e.Score - leastScore) * Math.Log((i + 1 < front.Count ? front[i + 1].Cost.Cycles : mostCycles) / e.Cost.Cycles)).Sum();
    }

    private static double RoomOf(IReadOnlyList<Evaluation> front, int i)
    {
        if (i == 0 || i == front.Count - 1)
        {
            return double.PositiveInfinity;
        }

        var cycles = Math.Log(front[^1].Cost.Cycles / front[0].Cost.Cycles);
        var scores = front[^1].Score - front[0].Score;
        return (Math.Log(front[i + 1].Cost.Cycles / front[i - 1].Cost.Cycles) / Math.Max(cycles, 1e-12)) + ((front[i + 1].Score - front[i - 1].Score) / Math.Max(scores, 1e-12));
    }
}
