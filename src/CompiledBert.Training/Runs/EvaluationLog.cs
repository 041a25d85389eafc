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
    /// <summary>Candidates as parts of the supernet.</summary>
    public const string Candidate = "candidate";

    /// <summary>Candidates after a training of their own.</summary>
    public const string Finalist = "finalist";

    public static void Add(RunFolder folder, string kind, Evaluation evaluation) => folder.Note(string.Create(
        CultureInfo.InvariantCulture,
        $"{{\"event\": \"{kind}\", \"score\": {evaluation.Score:R}, \"accuracy\": {evaluation.Accuracy:R}, \"cycles\": {evaluation.Cost.Cycles:0}, "
            + $"\"weightBytes\": {evaluation.Cost.WeightBytes}, \"shape\": {ShapeJson.Write(evaluation.Cost.Shape)}}}"));

    /// <summary>The evaluations of a kind in a log, costed again.</summary>
    public static List<Evaluation> Read(RunFolder folder, string kind, CandidateCosts costs) =>
    [
        .. folder.EventsOf(kind)
            .Select(e => e.TryGetProperty("shape", out var text) && ShapeJson.Read(text.GetRawText()) is { } shape
                && Number(e, "score") is { } score && Number(e, "accuracy") is { } accuracy
                ? new Evaluation(costs.Of(shape), score) { Accuracy = accuracy }
                : throw DiagnosticTable.RunFolder.Error(folder.FolderPath, null, "its log is damaged; begin anew in another folder")),
    ];

    private static double? Number(JsonElement line, string name) =>
        line.TryGetProperty(name, out var value) && value.TryGetDouble(out var number) ? number : null;
}
