using CompiledBert.Search.Costs;
using CompiledBert.Search.Space;
using CompiledBert.Search.Strategies;
using CompiledBert.Training.Data;
using CompiledBert.Training.Learning;
using CompiledBert.Training.Models;
using Tensor = CompiledBert.Compiler.Graph.TensorData;

namespace CompiledBert.Training.Runs;

/// <summary>Scores a candidate by what it tells right after it inherited from the teacher and was distilled for a few steps.</summary>
/// <param name="teacher">The teacher.</param>
/// <param name="weights">The teacher's weights.</param>
/// <param name="train">What is trained on.</param>
/// <param name="held">What is told.</param>
/// <param name="recipe">How it is trained.</param>
/// <param name="steps">For how many steps.</param>
internal sealed class DistilledScorer(
    TorchBert teacher, IReadOnlyDictionary<string, Tensor> weights, IReadOnlyList<Example> train, IReadOnlyList<Example> held, TrainingRecipe recipe, int steps) : IScorer
{
    /// <inheritdoc/>
    public double Score(CandidateCost candidate, CancellationToken cancellation)
    {
        var (model, trainer) = Begin(candidate.Shape, steps);
        using (model)
        using (trainer)
        {
            while (trainer.Done < trainer.Steps)
            {
                cancellation.ThrowIfCancellationRequested();
                trainer.Step();
            }

            return Trainer.Accuracy(model, held, cancellation);
        }
    }

    /// <summary>A student before its first step.</summary>
    public (TorchBert Model, Trainer Trainer) Begin(BertShape shape, int? count)
    {
        var (inherited, origin) = Inheritance.Of(teacher.Shape, weights, shape);
        var model = new TorchBert(shape, teacher.Task, inherited);
        return (model, new Trainer(model, train, recipe, new Distillation(teacher, origin), count));
    }
}
