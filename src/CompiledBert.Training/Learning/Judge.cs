using CompiledBert.Training.Data;
using CompiledBert.Training.Models;
using static TorchSharp.torch;

namespace CompiledBert.Training.Learning;

/// <summary>
/// Tells how near a student is to its teacher on texts that neither learned from. The distance between what they say of the labels is told from far fewer texts than the share that
/// is right: a text that is told right or wrong by a hair counts by that hair.
/// </summary>
/// <param name="teacher">The teacher; asked once.</param>
/// <param name="texts">The texts, with labels.</param>
/// <param name="recipe">How students are trained: the temperature, the products.</param>
internal sealed class Judge(TorchBert teacher, IReadOnlyList<Example> texts, TrainingRecipe recipe)
{
    private const int BatchSize = 64;

    private readonly Example[][] _batches = [.. texts.OrderBy(e => e.Ids.Length).Chunk(BatchSize)];
    private float[][]? _opinions;

    /// <summary>
    /// The score, which is 0 for the teacher and less for others (minus the mean divergence of Kullback and Leibler of the softened opinions), and the share of the texts that is told right.
    /// </summary>
    /// <param name="student">The student.</param>
    /// <param name="cancellation">Stops it.</param>
    public (double Score, double Accuracy) Of(TorchBert student, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(student);
        using var none = no_grad();
        _opinions ??= [.. _batches.Select(Asked)];
        var (distance, right) = (0.0, 0L);
        for (var i = 0; i < _batches.Length; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            using var batch = Batch.Of(_batches[i]);
            var logits = student.Forward(batch, mixed: recipe.Mixed).Logits;
            var (own, wanted) = (LogShares(logits), LogShares(tensor(_opinions[i], logits.shape)));
            distance += (wanted.exp() * (wanted - own)).sum().item<float>();
            right += logits.argmax(1).eq(batch.Labels).sum().item<long>();
        }

        return (-distance / texts.Count, (double)right / texts.Count);
    }

    private Tensor LogShares(Tensor logits) => nn.functional.log_softmax(Distillation.Softened(logits, recipe), 1);

    private float[] Asked(Example[] examples)
    {
        using var scope = NewDisposeScope();
        using var batch = Batch.Of(examples);
        return teacher.Forward(batch, mixed: recipe.Mixed).Logits.data<float>().ToArray();
    }
}
