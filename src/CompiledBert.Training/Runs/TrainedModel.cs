using CompiledBert.Search.Costs;

namespace CompiledBert.Training.Runs;

/// <summary>A model of the front after its whole training.</summary>
/// <param name="Model">The model's file.</param>
/// <param name="Cost">What it takes.</param>
/// <param name="Accuracy">What it comes to on the texts held out.</param>
public sealed record TrainedModel(string Model, CandidateCost Cost, double Accuracy);
