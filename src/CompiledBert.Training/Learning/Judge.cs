using CompiledBert.Training.Data;
using CompiledBert.Training.Models;
using CompiledBert.Training.Tasks;
using static TorchSharp.torch;

namespace CompiledBert.Training.Learning;

/// <summary>
/// Tells how near a student is to its teacher on texts that neither learned from. The distance between what they say is told from far fewer
/// texts than the share that is right: a text that is told right or wrong by a hair counts by that hair. Several threads may ask at once.
/// </summary>
/// <param name="teacher">The teacher; asked once.</param>
/// <param name="texts">The texts.</param>
/// <param name="recipe">How students are trained: the temperature, the products.</param>
/// <param name="task">What both are for.</param>
internal sealed class Judge(TorchBert teacher, IReadOnlyList<Example> texts, TrainingRecipe recipe, IModelTask task)
{
    private const int BatchSize = 64;

    private readonly Example[][] _batches = [.. texts.OrderBy(e => e.Ids.Length).Chunk(BatchSize)];
    private readonly Lock _asking = new();
    private float[][]? _opinions;

    /// <summary>
    /// The score, which is 0 for the teacher and less for others (minus the mean distance to it), and what people are told of a student's worth.
    /// </summary>
    /// <param name="student">The student.</param>
    /// <param name="cancellation">Stops it.</param>
    public (double Score, double Worth) Of(TorchBert student, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(student);
        using var none = no_grad();
        lock (_asking)
        {
            _opinions ??= [.. _batches.Select(Asked)];
        }

        var (distance, tally) = (0.0, task.Tally());
        for (var i = 0; i < _batches.Length; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            using var batch = Batch.Of(_batches[i]);
            var own = student.Forward(batch, mixed: recipe.Mixed).Results;
            var teachers = tensor(_opinions[i], own.shape);
            distance += task.Distance(batch, teachers, own, recipe).sum().item<float>();
            tally.Add(batch, own, teachers);
        }

        return (-distance / texts.Count, tally.Value);
    }

    private float[] Asked(Example[] examples)
    {
        using var scope = NewDisposeScope();
        using var batch = Batch.Of(examples);
        return teacher.Forward(batch, mixed: recipe.Mixed).Results.contiguous().data<float>().ToArray();
    }
}
