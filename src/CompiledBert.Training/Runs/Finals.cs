using System.Globalization;
using CompiledBert.Search.Costs;
using CompiledBert.Search.Strategies;

namespace CompiledBert.Training.Runs;

/// <summary>
/// Lets the best candidates learn by themselves before one is chosen: as parts of a supernet deep ones and shallow ones are not as good as they
/// will be in the same measure, so the best of every depth comes first.
/// </summary>
internal static class Finals
{
    /// <summary>Who takes part: the best of every number of layers, best first, then the best of the rest.</summary>
    public static IReadOnlyList<Evaluation> Of(IReadOnlyList<Evaluation> done, int count)
    {
        var ranked = done.OrderByDescending(e => e.Score).ThenBy(e => e.Cost.Cycles).ToList();
        var first = ranked.DistinctBy(e => e.Cost.Shape.Layers.Count).ToList();
        return [.. first.Concat(ranked.Except(first)).Take(Math.Max(1, count))];
    }

    /// <summary>The best finalist as it was after its training; where there is only one, it is chosen as it is.</summary>
    public static Evaluation Choose(
        IReadOnlyList<Evaluation> done, SearchRequest request, Students students,
        CandidateCosts costs, RunFolder folder, TextWriter progress, CancellationToken cancellation)
    {
        var finalists = Of(done, request.Finalists);
        if (finalists.Count == 1)
        {
            return finalists[0];
        }

        var known = EvaluationLog.Read(folder, EvaluationLog.Finalist, costs);
        var trained = new List<Evaluation>();
        foreach (var finalist in finalists)
        {
            if (known.Find(e => e.Cost.Shape == finalist.Cost.Shape) is not { } after)
            {
                after = students.Score(finalist.Cost, request.FinalSteps, cancellation);
                EvaluationLog.Add(folder, EvaluationLog.Finalist, after);
                progress.WriteLine(string.Create(CultureInfo.InvariantCulture, $"finalist: {100 * after.Accuracy:0.0} %: {finalist.Cost.Shape}"));
            }

            trained.Add(after);
        }

        return trained.OrderByDescending(e => e.Score).ThenBy(e => e.Cost.Cycles).First();
    }
}
