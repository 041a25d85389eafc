using System.Globalization;
using System.Text.Json;
using CompiledBert.Search.Costs;
using CompiledBert.Search.Space;
using CompiledBert.Search.Strategies;
using CompiledBert.Training.Models;

namespace CompiledBert.Training.Runs;

/// <summary>
/// Trains models from about 3 to 30 times fewer cycles than the teacher: for each a search of its own on the same supernet, which begins with
/// all candidates that are small enough.
/// </summary>
/// <param name="request">What is asked.</param>
/// <param name="space">What may be chosen from.</param>
/// <param name="students">Who trains.</param>
/// <param name="scorer">Who scores.</param>
/// <param name="exploring">Who explores.</param>
/// <param name="folder">The run's folder.</param>
/// <param name="progress">Takes lines for people.</param>
internal sealed class FrontRun(
    SearchRequest request, SearchSpace space, Students students, IScorer scorer, Exploring exploring, RunFolder folder, TextWriter progress)
{
    private const double Least = 3;
    private const double Most = 30;
    private const int FewestCandidates = 4;
    private const string Event = "front";

    /// <summary>
    /// The limits of the models, each in place of those on time: so many times fewer cycles, in equal steps of logarithms, and no fewer than the space has.
    /// </summary>
    /// <param name="count">How many models.</param>
    /// <param name="costs">What candidates take and may take.</param>
    /// <param name="space">What may be chosen from.</param>
    /// <param name="teacher">The teacher's shape.</param>
    public static IReadOnlyList<CandidateCosts> Limits(int count, CandidateCosts costs, SearchSpace space, BertShape teacher)
    {
        if (count == 0)
        {
            return [];
        }

        var (cycles, fewest) = (costs.Of(teacher).Cycles, costs.Of(space.Smallest).Cycles);
        var most = Math.Clamp(cycles / fewest, Least, Most);
        return [.. Enumerable.Range(0, count).Select(i =>
            costs.WithTime(Math.Max(fewest, cycles / (Least * Math.Pow(most / Least, count == 1 ? 0 : (double)i / (count - 1))))))];
    }

    /// <summary>Finds and trains the models.</summary>
    /// <param name="limits">Their limits, those with most cycles first.</param>
    /// <param name="known">The candidates of the search.</param>
    /// <param name="write">Writes a model into a folder of the run and says what it comes to.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>The models, each shape once.</returns>
    public IReadOnlyList<TrainedModel> Run(
        IReadOnlyList<CandidateCosts> limits, IReadOnlyList<Evaluation> known,
        Func<string, TorchBert, (string Path, double Worth)> write, CancellationToken cancellation)
    {
        var trained = new List<TrainedModel>();
        for (var i = 0; i < limits.Count; i++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"front-{i + 1}");
            var all = Explored(name, limits[i], known, i, cancellation);
            var others = all.Where(e => trained.TrueForAll(t => t.Cost.Shape != e.Cost.Shape));
            if (Best(others, i + 1 < limits.Count ? limits[i + 1] : null) is not { } best)
            {
                continue;
            }

            var cost = limits[i].Of(best.Cost.Shape);
            trained.Add(
                Before(name) is { } worth
                    ? new TrainedModel(folder.At(Path.Combine(name, "model.onnx")), cost, worth)
                    : Trained(name, cost, write, cancellation));
        }

        return trained;
    }

    /// <summary>
    /// The best of those that the next, lower limit would not let through, so that there is a model between every two limits; where there is
    /// none, the best.
    /// </summary>
    /// <param name="candidates">Who may be chosen.</param>
    /// <param name="next">The next limit; null for the last model.</param>
    internal static Evaluation? Best(IEnumerable<Evaluation> candidates, CandidateCosts? next) => candidates
        .OrderBy(e => next is not null && IsWithin(e.Cost, next))
        .ThenByDescending(e => e.Score)
        .ThenBy(e => e.Cost.Cycles)
        .FirstOrDefault();

    private static bool IsWithin(CandidateCost cost, CandidateCosts limit) => cost.Cycles / limit.Reference.Core.Gigahertz / 1e6 <= limit.Limits[0].Most;

    private List<Evaluation> Explored(string name, CandidateCosts limit, IReadOnlyList<Evaluation> known, int number, CancellationToken cancellation)
    {
        var strategy = SearchSettings.StrategyOf(request);
        using var held = strategy as IDisposable;

        // Its own limit is the first; those on size and memory were kept by all.
        List<Evaluation> within = [.. known.Where(e => IsWithin(e.Cost, limit))];
        var exploration = new Exploration(space, limit, strategy, scorer, request.Recipe.Seed + number + 1);
        return exploring.Run(exploration, name, within, Math.Max(FewestCandidates, request.Candidates / (2 * request.Front)), limit, cancellation);
    }

    private TrainedModel Trained(string name, CandidateCost cost, Func<string, TorchBert, (string Path, double Worth)> write, CancellationToken cancellation)
    {
        var (model, trainer) = students.Begin(cost.Shape);
        using (model)
        using (trainer)
        {
            Fitting.Run(trainer, name, folder, progress, cancellation);
            var (path, worth) = write(name, model);
            folder.Note(string.Create(
                CultureInfo.InvariantCulture,
                $"{{\"event\": \"{Event}\", \"name\": \"{name}\", \"accuracy\": {worth:R}, "
                    + $"\"cycles\": {cost.Cycles:0}, \"shape\": {ShapeJson.Write(cost.Shape)}}}"));
            File.Delete(folder.At(name + ".state"));
            progress.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {100 * worth:0.0} %: {cost.Shape}"));
            return new TrainedModel(path, cost, worth);
        }
    }

    /// <summary>What a model came to that was trained before the run went on.</summary>
    private double? Before(string name) => folder.Events
        .Where(e => e.ValueKind == JsonValueKind.Object && e.TryGetProperty("event", out var kind) && kind.ValueEquals(Event)
            && e.TryGetProperty("name", out var named) && named.ValueEquals(name))
        .Select(e => e.TryGetProperty("accuracy", out var value) && value.TryGetDouble(out var worth) ? worth : (double?)null)
        .FirstOrDefault();
}
