using System.Globalization;
using CompiledBert.Compiler;
using CompiledBert.Training.Learning;
using CompiledBert.Training.Models;

namespace CompiledBert.Training.Runs;

/// <summary>Fine-tunes a model into a classifier: what <c>compiledbert train</c> does.</summary>
public static class TrainRun
{
    /// <summary>Trains, or goes on training, and writes the model.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="output">The run's folder.</param>
    /// <param name="resume">Whether to go on with what is there.</param>
    /// <param name="progress">Takes lines for people.</param>
    /// <param name="cancellation">Stops it where it can go on later.</param>
    /// <returns>The accuracy on the tenth that was held out.</returns>
    /// <exception cref="CompileException">Something that is asked for cannot be had.</exception>
    /// <exception cref="OperationCanceledException">It was asked to stop.</exception>
    public static double Run(TrainRequest request, string output, bool resume, TextWriter progress, CancellationToken cancellation)
    {
        var material = Material.Read(request.Model, request.Tokenizer, request.Train, request.MaxTokens, keepsLabels: false);
        using var folder = RunFolder.Open(output, request.ToJson(), resume);
        var (task, weights) = Beginnings.Classifier(material.Model, material.Labels.Count, request.MaxTokens, request.Pooling, request.Recipe.Seed);
        using var model = new TorchBert(material.Model.Shape, task, weights);
        using var trainer = new Trainer(model, material.Train, request.Recipe);
        progress.WriteLine($"{material.Train.Count} texts to learn from, {material.Held.Count} held out, {material.Labels.Count} labels, {trainer.Steps} steps");
        Fitting.Run(trainer, "training", folder, progress, cancellation);
        var accuracy = Trainer.Accuracy(model, material.Held, cancellation: cancellation);
        var path = ModelExport.Write(folder, material.Model.Shape, task, model.Weights(), material.Labels, material.TokenizerFolder, request.Halves);
        folder.Note(string.Create(CultureInfo.InvariantCulture, $"{{\"event\": \"trained\", \"accuracy\": {accuracy:0.#####}}}"));
        progress.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{path}: {100 * accuracy:0.0} % of the texts held out"));
        return accuracy;
    }
}
