using System.Globalization;
using System.Text.Json;
using CompiledBert.Search.Costs;
using CompiledBert.Search.Space;
using CompiledBert.Training.Learning;
using CompiledBert.Training.Models;

namespace CompiledBert.Training.Runs;

/// <summary>Trains what was chosen to the end, and writes it. Every model that is done is an event of the log, so a run that goes on does not do it again.</summary>
/// <param name="request">What is asked.</param>
/// <param name="material">What it works on.</param>
/// <param name="judge">Who tells what they have come to, by all texts held out.</param>
/// <param name="vocabularies">The vocabularies that they may have.</param>
/// <param name="students">Who train.</param>
/// <param name="folder">The run's folder.</param>
/// <param name="progress">Takes lines for people.</param>
internal sealed class WholeTrainings(
    SearchRequest request, Material material, Judge judge, Vocabularies vocabularies,
    Students students, RunFolder folder, TextWriter progress)
{
    private const string Event = "trained";

    /// <summary>Trains and writes the models.</summary>
    /// <param name="chosen">What each is called, in the folder and in what is told, and what it takes.</param>
    /// <param name="cancellation">Stops it.</param>
    public IReadOnlyList<TrainedModel> Run(IReadOnlyList<(string Name, CandidateCost Cost)> chosen, CancellationToken cancellation) =>
        students.Train(chosen, null, Before, After, cancellation);

    /// <summary>A model that was trained before the run went on.</summary>
    private TrainedModel? Before(string name, CandidateCost cost) => folder.EventsOf(Event)
        .Where(e => e.TryGetProperty("name", out var named) && named.ValueEquals(name))
        .Select(e => e.TryGetProperty("accuracy", out var value) && value.TryGetDouble(out var worth)
            ? new TrainedModel(folder.At(Path.Combine(name, "model.onnx")), cost, worth)
            : null)
        .FirstOrDefault();

    private TrainedModel After(string name, CandidateCost cost, TorchBert model, CancellationToken cancellation)
    {
        var path = ModelExport.Write(folder, name, material, cost.Shape, model.Task, model.Weights(), request.Halves, vocabularies);
        var (_, worth) = judge.Of(model, cancellation);
        folder.Note(string.Create(
            CultureInfo.InvariantCulture,
            $"{{\"event\": \"{Event}\", \"name\": \"{name}\", \"accuracy\": {worth:R}, "
                + $"\"cycles\": {cost.Cycles:0}, \"shape\": {ShapeJson.Write(cost.Shape)}}}"));
        progress.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {100 * worth:0.0} %: {cost.Shape}"));
        return new TrainedModel(path, cost, worth);
    }
}
