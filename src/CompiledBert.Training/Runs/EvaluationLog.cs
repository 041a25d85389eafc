using System.Globalization;
using System.Text.Json;
using CompiledBert.Compiler;
using CompiledBert.Search.Costs;
using CompiledBert.Search.Space;
using CompiledBert.Search.Strategies;

namespace CompiledBert.Training.Runs;

/// <summary>Evaluations as lines of a run's log: all that a search needs to go on.</summary>
internal static class EvaluationLog
{
    private const string Kind = "candidate";

    public static void Add(RunFolder folder, Evaluation evaluation) => folder.Note(string.Create(
        CultureInfo.InvariantCulture,
        $"{{\"event\": \"{Kind}\", \"score\": {evaluation.Score:R}, \"cycles\": {evaluation.Cost.Cycles:0}, \"weightBytes\": {evaluation.Cost.WeightBytes}, \"shape\": {ShapeJson.Write(evaluation.Cost.Shape)}}}"));

    /// <summary>The evaluations of a log, costed again.</summary>
    public static List<Evaluation> Read(RunFolder folder, CandidateCosts costs)
    {
        var evaluations = new List<Evaluation>();
        foreach (var line in folder.Events)
        {
            if (line.ValueKind == JsonValueKind.Object && line.TryGetProperty("event", out var kind) && kind.ValueEquals(Kind))
            {
                var shape = line.TryGetProperty("shape", out var text) ? ShapeJson.Read(text.GetRawText()) : null;
                evaluations.Add(shape is not null && line.TryGetProperty("score", out var score) && score.TryGetDouble(out var number)
                    ? new Evaluation(costs.Of(shape), number)
                    : throw DiagnosticTable.RunFolder.Error(folder.FolderPath, null, "its log is damaged; begin anew in another folder"));
            }
        }

        return evaluations;
    }
}
