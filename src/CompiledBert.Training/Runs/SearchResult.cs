using CompiledBert.Search.Costs;
using CompiledBert.Search.Strategies;

namespace CompiledBert.Training.Runs;

/// <summary>What a search found.</summary>
/// <param name="Model">The model's file.</param>
/// <param name="Teacher">What the teacher would take.</param>
/// <param name="TeacherAccuracy">What the teacher comes to on the texts held out.</param>
/// <param name="Found">The chosen candidate with the score that it was chosen by.</param>
/// <param name="Accuracy">What the found model comes to, after its whole training.</param>
/// <param name="Evaluations">All candidates that were compared.</param>
public sealed record SearchResult(
    string Model, CandidateCost Teacher, double TeacherAccuracy, Evaluation Found, double Accuracy, IReadOnlyList<Evaluation> Evaluations)
{
    /// <summary>What accuracies are: <c>accuracy</c>, the share that is told right, or what the task has in its place.</summary>
    public string Measure { get; init; } = "accuracy";

    /// <summary>Models of the front that were trained besides the found one, by falling cycles.</summary>
    public IReadOnlyList<TrainedModel> Trained { get; init; } = [];

    /// <summary>The candidates that nothing is both faster and more accurate than, by rising cycles.</summary>
    public IReadOnlyList<Evaluation> Front { get; } = Pareto.Front(Evaluations, e => e.Accuracy);
}
