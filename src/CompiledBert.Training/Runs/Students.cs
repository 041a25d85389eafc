using CompiledBert.Search.Costs;
using CompiledBert.Search.Space;
using CompiledBert.Search.Strategies;
using CompiledBert.Training.Data;
using CompiledBert.Training.Learning;
using CompiledBert.Training.Models;
using CompiledBert.Training.Tasks;

namespace CompiledBert.Training.Runs;

/// <summary>Models of candidates that learn by themselves, beginning with what they inherit of the supernet.</summary>
/// <param name="supernet">The supernet, trained.</param>
/// <param name="teacher">The teacher.</param>
/// <param name="train">What is trained on.</param>
/// <param name="judge">Who tells how good they are.</param>
/// <param name="recipe">How they are trained.</param>
/// <param name="task">What they are for.</param>
internal sealed class Students(Supernet supernet, TorchBert teacher, IReadOnlyList<Example> train, Judge judge, TrainingRecipe recipe, IModelTask task)
{
    private TeacherMemory? _memory;

    /// <summary>Shapes for a supernet to learn, by chance: of those within each of several limits as many, in turn.</summary>
    /// <param name="count">How many.</param>
    /// <param name="space">What may be chosen from.</param>
    /// <param name="limits">What shapes take and may take.</param>
    /// <param name="seed">The seed.</param>
    public static IReadOnlyList<BertShape> Sample(int count, SearchSpace space, IReadOnlyList<CandidateCosts> limits, int seed)
    {
        var each = (count + limits.Count - 1) / limits.Count;
        var all = limits.Select((limit, i) => WithinLimits.Sample(each, space, limit, seed + i)).ToList();
        return [.. Enumerable.Range(0, each).SelectMany(i => all.Where(some => i < some.Count).Select(some => some[i])).Distinct()];
    }

    /// <summary>A student before its training.</summary>
    /// <param name="shape">Its architecture.</param>
    /// <param name="steps">How many steps it will be trained; null for the recipe's epochs.</param>
    public (TorchBert Model, Trainer Trainer) Begin(BertShape shape, int? steps = null)
    {
        var (weights, origin) = supernet.Inherited(shape);
        var model = new TorchBert(shape, teacher.Task, weights);
        return (model, new Trainer(model, train, recipe, task, new Distillation(MemoryFor(origin.Layers, steps ?? int.MaxValue), origin, task), steps));
    }

    /// <summary>The teacher's memory that the last student had, where it serves the next one too.</summary>
    private TeacherMemory MemoryFor(int[] layers, int steps) =>
        _memory = _memory?.Serves(layers, steps) == true
            ? _memory
            : new TeacherMemory(teacher, train, recipe, layers, steps);

    /// <summary>How good a candidate is after a number of steps.</summary>
    public Evaluation Score(CandidateCost candidate, int steps, CancellationToken cancellation)
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

            var (score, accuracy) = judge.Of(model, cancellation);
            return new Evaluation(candidate, score) { Accuracy = accuracy };
        }
    }
}
