using System.Globalization;
using CompiledBert.Search.Costs;
using CompiledBert.Search.Space;
using CompiledBert.Search.Strategies;

namespace CompiledBert.Training.Runs;

/// <summary>
/// Chooses models from about 3 to 30 times fewer cycles than the teacher: for each a search of its own on the same supernet, which begins with
/// all candidates that are small enough and adds some just within its limit.
/// </summary>
/// <param name="request">What is asked.</param>
/// <param name="space">What may be chosen from.</param>
/// <param name="scorer">Who scores.</param>
/// <param name="exploring">Who explores.</param>
internal sealed class FrontRun(SearchRequest request, SearchSpace space, IScorer scorer, Exploring exploring)
{
    private const double Least = 3;
    private const double Most = 30;
    private const int FewestCandidates = 4;

    // The share of its limit that a model takes at least, where there is one that does.
    private const double Near = 0.9;

    /// <summary>
    /// The limits of the models, each in place of those on time: so many times fewer cycles, in equal steps of logarithms, and no fewer than the space has.
    /// </summary>
    /// <param name="count">How many models.</param>
    /// <param name="costs">What candidates take and may take.</param>
    /// <param name="space">What may be chosen from.</param>
    /// <param name="teacher">The teacher's shape.</param>
    public static IReadOnlyList<(CandidateCosts Costs, double MostCycles)> Limits(int count, CandidateCosts costs, SearchSpace space, BertShape teacher)
    {
        if (count == 0)
        {
            return [];
        }

        var (cycles, fewest) = (costs.Of(teacher).Cycles, costs.Of(space.Smallest).Cycles);
        var most = Math.Clamp(cycles / fewest, Least, Most);
        return
        [
            .. Enumerable.Range(0, count)
                .Select(i => Math.Max(fewest, cycles / (Least * Math.Pow(most / Least, count == 1 ? 0 : (double)i / (count - 1)))))
                .Select(limit => (costs.WithTime(limit), limit)),
        ];
    }

    /// <summary>Chooses the models.</summary>
    /// <param name="limits">Their limits, those with most cycles first.</param>
    /// <param name="known">The candidates of the search.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>What each is called and its shape, each shape once.</returns>
    public IReadOnlyList<(string Name, BertShape Shape)> Choose(
        IReadOnlyList<(CandidateCosts Costs, double MostCycles)> limits, IReadOnlyList<Evaluation> known, CancellationToken cancellation)
    {
        var chosen = new List<(string Name, BertShape Shape)>();
        for (var i = 0; i < limits.Count; i++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"front-{i + 1}");
            var all = Explored(name, limits[i].Costs, limits[i].MostCycles, known, i, cancellation);
            if (Best(all.Where(e => chosen.TrueForAll(c => c.Shape != e.Cost.Shape)), Near * limits[i].MostCycles) is { } best)
            {
                chosen.Add((name, best.Cost.Shape));
            }
        }

        return chosen;
    }

    /// <summary>The best of those near the limit, so that models are as far from one another as their limits; where there is none, the best.</summary>
    /// <param name="candidates">Who may be chosen.</param>
    /// <param name="near">The cycles of those near the limit.</param>
    internal static Evaluation? Best(IEnumerable<Evaluation> candidates, double near) => candidates
        .OrderBy(e => e.Cost.Cycles < near)
        .ThenByDescending(e => e.Score)
        .ThenBy(e => e.Cost.Cycles)
        .FirstOrDefault();

    private List<Evaluation> Explored(
        string name, CandidateCosts costs, double mostCycles, IReadOnlyList<Evaluation> known, int number, CancellationToken cancellation)
    {
        var strategy = SearchSettings.StrategyOf(request);
        using var held = strategy as IDisposable;

        // Limits on size and memory were kept by all.
        List<Evaluation> within = [.. known.Where(e => e.Cost.Cycles <= mostCycles)];
        var exploration = new Exploration(space, costs, strategy, scorer, request.Recipe.Seed + number + 1) { LeastCycles = Near * mostCycles };
        return exploring.Run(exploration, name, within, Math.Max(FewestCandidates, request.Candidates / (2 * request.Front)), costs, cancellation);
    }
}
