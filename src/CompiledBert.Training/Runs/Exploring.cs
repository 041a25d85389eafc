using System.Globalization;
using CompiledBert.Search.Costs;
using CompiledBert.Search.Strategies;

namespace CompiledBert.Training.Runs;

/// <summary>An exploration under way in a folder: every evaluation is a line of its log, and it goes on from those that are there.</summary>
/// <param name="folder">The folder.</param>
/// <param name="workers">How many candidates are scored at once.</param>
/// <param name="progress">Takes lines for people.</param>
internal sealed class Exploring(RunFolder folder, int workers, TextWriter progress)
{
    /// <summary>Explores to the end.</summary>
    /// <param name="exploration">What proposes and scores.</param>
    /// <param name="kind">What its evaluations are called in the log.</param>
    /// <param name="known">Evaluations that it begins with.</param>
    /// <param name="count">How many there will be besides; fewer where there is nothing new within the limits.</param>
    /// <param name="costs">What candidates take.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>All evaluations, those that were known first.</returns>
    public List<Evaluation> Run(
        Exploration exploration, string kind, IReadOnlyList<Evaluation> known, int count, CandidateCosts costs, CancellationToken cancellation)
    {
        var before = EvaluationLog.Read(folder, kind, costs);
        if (before.Count > 0)
        {
            progress.WriteLine($"goes on after {before.Count} of {count} candidates");
        }

        List<Evaluation> done = [.. known, .. before];
        foreach (var next in exploration.Run(known, before, count, workers, cancellation))
        {
            done.Add(next);
            EvaluationLog.Add(folder, kind, next);
            progress.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{done.Count - known.Count} of {count}: {100 * next.Accuracy:0.0} %, "
                    + $"{next.Cost.Cycles / 1e6:0.0} million cycles, {next.Cost.WeightBytes / 1e6:0.0} MB: {next.Cost.Shape}"));
        }

        return done;
    }
}
