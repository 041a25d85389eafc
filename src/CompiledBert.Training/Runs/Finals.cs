using System.Globalization;
using System.Text.Json;
using CompiledBert.Compiler;
using CompiledBert.Search.Space;
using CompiledBert.Search.Strategies;

namespace CompiledBert.Training.Runs;

/// <summary>
/// Lets the best candidates learn by themselves before one is chosen: as parts of a supernet deep ones and shallow ones are not as good as they will be in the same measure, so
/// the best of every depth comes first.
/// </summary>
internal static class Finals
{
    private const string Kind = "finalist";

    /// <summary>Who takes part: the best of every number of layers, best first, then the best of the rest.</summary>
    public static IReadOnlyList<Evaluation> Of(IReadOnlyList<Evaluation> done, int count)
    {
        var ranked = done.OrderByDescending(e => e.Score).ThenBy(e => e.Cost.Cycles).ToList();
        var first = ranked.DistinctBy(e => e.Cost.Shape.Layers.Count).ToList();
        return [.. first.Concat(ranked.Except(first)).Take(Math.Max(1, count))];
    }

    /// <summary>The best finalist with its new score; where there is only one, it is chosen as it is.</summary>
    public static Evaluation Choose(IReadOnlyList<Evaluation> done, SearchRequest request, Students students, RunFolder folder, TextWriter progress, CancellationToken cancellation)
    {
        var finalists = Of(done, request.Finalists);
        if (finalists.Count == 1)
        {
            return finalists[0];
        }

        var known = Read(folder);
        var scored = new List<Evaluation>();
        foreach (var finalist in finalists)
        {
            var shape = finalist.Cost.Shape;
            if (!known.TryGetValue(shape, out var score))
            {
                score = students.Score(shape, request.FinalSteps, cancellation);
                folder.Note(string.Create(CultureInfo.InvariantCulture, $"{{\"event\": \"{Kind}\", \"score\": {score:R}, \"shape\": {ShapeJson.Write(shape)}}}"));
                progress.WriteLine(string.Create(CultureInfo.InvariantCulture, $"finalist: {100 * score:0.0} %: {shape}"));
            }

            scored.Add(finalist with { Score = score });
        }

        return scored.OrderByDescending(e => e.Score).ThenBy(e => e.Cost.Cycles).First();
    }

    private static Dictionary<BertShape, double> Read(RunFolder folder)
    {
        var known = new Dictionary<BertShape, double>();
        foreach (var line in folder.Events.Where(e => e.ValueKind == JsonValueKind.Object && e.TryGetProperty("event", out var kind) && kind.ValueEquals(Kind)))
        {
            if (!line.TryGetProperty("shape", out var text) || ShapeJson.Read(text.GetRawText()) is not { } shape || !line.TryGetProperty("score", out var score) || !score.TryGetDouble(out var number))
            {
                throw DiagnosticTable.RunFolder.Error(folder.FolderPath, null, "its log is damaged; begin anew in another folder");
            }

            known[shape] = number;
        }

        return known;
    }
}
