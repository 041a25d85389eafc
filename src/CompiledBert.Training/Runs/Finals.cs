using System.Globalization;
using CompiledBert.Search.Costs;
using CompiledBert.Search.Strategies;
using CompiledBert.Training.Learning;
using CompiledBert.Training.Models;

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
        IReadOnlyList<Evaluation> done, SearchRequest request, Students students, Judge judge,
        CandidateCosts costs, RunFolder folder, TextWriter progress, CancellationToken cancellation)
    {
        var finalists = Of(done, request.Finalists);
        if (finalists.Count == 1)
        {
            return finalists[0];
        }

        var known = EvaluationLog.Read(folder, EvaluationLog.Finalist, costs);
        return students.Train(
                [.. finalists.Select((f, i) => (string.Create(CultureInfo.InvariantCulture, $"finalist-{i + 1}"), f.Cost))], request.FinalSteps,
                (_, cost) => known.Find(e => e.Cost.Shape == cost.Shape), Trained, cancellation)
            .OrderByDescending(e => e.Score).ThenBy(e => e.Cost.Cycles).First();

        Evaluation Trained(string name, CandidateCost cost, TorchBert model, CancellationToken stop)
        {
            var (score, accuracy) = judge.Of(model, stop);
            var after = new Evaluation(cost, score) { Accuracy = accuracy };
            EvaluationLog.Add(folder, EvaluationLog.Finalist, after);
            progress.WriteLine(string.Create(CultureInfo.InvariantCulture, $"finalist: {100 * accuracy:0.0} %: {cost.Shape}"));
            return after;
        }
    }
}
