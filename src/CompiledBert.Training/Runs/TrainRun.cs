using System.Globalization;
using CompiledBert.Compiler;
using CompiledBert.Training.Learning;
using CompiledBert.Training.Models;
using CompiledBert.Training.Tasks;

namespace CompiledBert.Training.Runs;

/// <summary>Fine-tunes a model for a task: what <c>compiledbert train</c> does.</summary>
public static class TrainRun
{
    /// <summary>Trains, or goes on training, and writes the model.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="output">The run's folder.</param>
    /// <param name="resume">Whether to go on with what is there.</param>
    /// <param name="progress">Takes lines for people.</param>
    /// <param name="cancellation">Stops it where it can go on later.</param>
    /// <returns>The accuracy, or what the task has in its place, on the tenth that was held out.</returns>
    /// <exception cref="CompileException">Something that is asked for cannot be had.</exception>
    /// <exception cref="OperationCanceledException">It was asked to stop.</exception>
    public static double Run(TrainRequest request, string output, bool resume, TextWriter progress, CancellationToken cancellation)
    {
        if (request.Task == TaskKind.Embed)
        {
            throw DiagnosticTable.InvalidMetadata.Error(null, null, "--task", "embed", "classify or tag; an embedding model is a teacher as it is");
        }

        var material = Material.Read(request.Task, request.Pooling, request.Model, request.Tokenizer, request.Train, request.MaxTokens, keepsLabels: false);
        using var folder = RunFolder.Open(output, request.ToJson(), resume);
        var (task, weights) = material.Task.Begin(material.Model, material.Labels.Count, request.MaxTokens, request.Recipe.Seed);
        using var model = new TorchBert(material.Model.Shape, task, weights);
        using var trainer = new Trainer(model, material.Train, request.Recipe, material.Task);
        progress.WriteLine(
            $"{material.Train.Count} texts to learn from, {material.Held.Count} held out, "
                + $"{material.Labels.Count} labels, {trainer.Steps} steps");
        Fitting.Run(trainer, "training", folder, progress, cancellation);
        var accuracy = Trainer.Worth(model, material.Held, material.Task, cancellation);
        var path = ModelExport.Write(folder, "model", material, material.Model.Shape, task, model.Weights(), request.Halves);
        folder.Note(string.Create(CultureInfo.InvariantCulture, $"{{\"event\": \"trained\", \"accuracy\": {accuracy:0.#####}}}"));
        progress.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{path}: {100 * accuracy:0.0} % {material.Task.Measure} of the texts held out"));
        return accuracy;
    }
}
