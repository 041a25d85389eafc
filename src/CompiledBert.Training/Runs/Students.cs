using CompiledBert.Search.Space;
using CompiledBert.Training.Data;
using CompiledBert.Training.Learning;
using CompiledBert.Training.Models;

namespace CompiledBert.Training.Runs;

/// <summary>Models of candidates that learn by themselves, beginning with what they inherit of the supernet.</summary>
/// <param name="supernet">The supernet, trained.</param>
/// <param name="teacher">The teacher.</param>
/// <param name="train">What is trained on.</param>
/// <param name="held">What tells how good they are.</param>
/// <param name="recipe">How they are trained.</param>
internal sealed class Students(Supernet supernet, TorchBert teacher, IReadOnlyList<Example> train, IReadOnlyList<Example> held, TrainingRecipe recipe)
{
    /// <summary>A student before its training.</summary>
    /// <param name="shape">Its architecture.</param>
    /// <param name="steps">How many steps it will be trained; null for the recipe's epochs.</param>
    public (TorchBert Model, Trainer Trainer) Begin(BertShape shape, int? steps = null)
    {
        var (weights, origin) = supernet.Inherited(shape);
        var model = new TorchBert(shape, teacher.Task, weights);
        var memory = new TeacherMemory(teacher, train, recipe, origin.Layers, steps ?? int.MaxValue);
        return (model, new Trainer(model, train, recipe, new Distillation(memory, origin), steps));
    }

    /// <summary>The accuracy after a number of steps.</summary>
    public double Score(BertShape shape, int steps, CancellationToken cancellation)
    {
        var (model, trainer) = Begin(shape, steps);
        using (model)
        using (trainer)
        {
            while (trainer.Done < trainer.Steps)
            {
                cancellation.ThrowIfCancellationRequested();
                trainer.Step();
            }

            return Trainer.Accuracy(model, held, recipe.Mixed, cancellation);
        }
    }
}
