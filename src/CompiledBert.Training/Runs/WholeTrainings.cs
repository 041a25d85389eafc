using System.Globalization;
using System.Text.Json;
using CompiledBert.Search.Costs;
using CompiledBert.Search.Space;
using CompiledBert.Training.Data;
using CompiledBert.Training.Learning;
using CompiledBert.Training.Models;

namespace CompiledBert.Training.Runs;

/// <summary>Trains what was chosen to the end, and writes it. Every model that is done is an event of the log, so a run that goes on does not do it again.</summary>
/// <param name="request">What is asked.</param>
/// <param name="material">What it works on.</param>
/// <param name="teacher">The teacher.</param>
/// <param name="judge">Who tells what they have come to, by all texts held out.</param>
/// <param name="vocabularies">The vocabularies that they may have.</param>
/// <param name="students">Who train.</param>
/// <param name="folder">The run's folder.</param>
/// <param name="progress">Takes lines for people.</param>
internal sealed class WholeTrainings(
    SearchRequest request, Material material, TorchBert teacher, Judge judge, Vocabularies vocabularies,
    Students students, RunFolder folder, TextWriter progress)
{
    private const string Event = "trained";

    /// <summary>Trains and writes the models.</summary>
    /// <param name="chosen">What each is called, in the folder and in what is told, and what it takes.</param>
    /// <param name="cancellation">Stops it.</param>
    public IReadOnlyList<TrainedModel> Run(IReadOnlyList<(string Name, CandidateCost Cost)> chosen, CancellationToken cancellation) =>
        students.Each([.. chosen.Select(c => c.Cost.Shape)], null, (i, begin, stop) => Trained(chosen[i].Name, chosen[i].Cost, begin, stop), cancellation);

    private TrainedModel Trained(string name, CandidateCost cost, Func<(TorchBert Model, Trainer Trainer)> begin, CancellationToken cancellation)
    {
        var state = folder.At(name + ".state");
        if (Before(name) is { } known)
        {
            File.Delete(state);
            return new TrainedModel(folder.At(Path.Combine(name, "model.onnx")), cost, known);
        }

        var (model, trainer) = begin();
        using (model)
        using (trainer)
        {
            Fitting.Run(trainer, name, folder, progress, cancellation);
            var path = ModelExport.Write(folder, name, material, cost.Shape, teacher.Task, model.Weights(), request.Halves, vocabularies);
            var (_, worth) = judge.Of(model, cancellation);
            folder.Note(string.Create(
                CultureInfo.InvariantCulture,
                $"{{\"event\": \"{Event}\", \"name\": \"{name}\", \"accuracy\": {worth:R}, "
                    + $"\"cycles\": {cost.Cycles:0}, \"shape\": {ShapeJson.Write(cost.Shape)}}}"));
            File.Delete(state);
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
