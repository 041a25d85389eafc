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
    private readonly TeacherMemory _memory = new(teacher, train, recipe, [.. Enumerable.Range(0, teacher.Shape.Layers.Count)], steps * Finals.Longer);

    private readonly int[] _uses = UsesOf(train, teacher.Shape.Vocabulary);

    /// <inheritdoc/>
    public double Score(CandidateCost candidate, CancellationToken cancellation) => Score(candidate.Shape, steps, cancellation);

    /// <summary>The score after another number of steps.</summary>
    public double Score(BertShape shape, int count, CancellationToken cancellation)
    {
        var (model, trainer) = Begin(shape, _ => _memory, count);
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

    /// <summary>The chosen student before its whole training.</summary>
    public (TorchBert Model, Trainer Trainer) Begin(BertShape shape) => Begin(shape, origin => new TeacherMemory(teacher, train, recipe, origin.Layers), null);

    private (TorchBert Model, Trainer Trainer) Begin(BertShape shape, Func<Inheritance, TeacherMemory> memory, int? count)
    {
        var (inherited, origin) = Inheritance.Of(teacher.Shape, weights, shape, _uses);
        var model = new TorchBert(shape, teacher.Task, inherited);
        return (model, new Trainer(model, train, recipe, new Distillation(memory(origin), origin), count));
    }

    private static int[] UsesOf(IReadOnlyList<Example> examples, int vocabulary)
    {
        var uses = new int[vocabulary];
        foreach (var id in examples.SelectMany(e => e.Ids))
        {
            uses[id]++;
        }

        return uses;
    }
}
