using System.Collections.Concurrent;
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
/// <param name="textsOf">The texts, in the same order, as they are cut where there are so many tokens: students may have fewer than the teacher.</param>
/// <param name="recipe">How students are trained: the temperature, the products.</param>
/// <param name="task">What both are for.</param>
internal sealed class Judge(TorchBert teacher, Func<int, IReadOnlyList<Example>> textsOf, TrainingRecipe recipe, IModelTask task)
{
    private const int BatchSize = 64;

    private readonly ConcurrentDictionary<int, Lazy<Question[]>> _questions = [];

    /// <summary>
    /// The score, which is 0 for the teacher and less for others (minus the mean distance to it), and what people are told of a student's worth.
    /// </summary>
    /// <param name="student">The student.</param>
    /// <param name="cancellation">Stops it.</param>
    public (double Score, double Worth) Of(TorchBert student, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(student);
        using var none = no_grad();
        var questions = _questions.GetOrAdd(student.Shape.Vocabulary, tokens => new Lazy<Question[]>(() => Asked(textsOf(tokens)))).Value;
        var (distance, tally) = (0.0, task.Tally());
        foreach (var (texts, opinions) in questions)
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            using var batch = Batch.Of(texts);
            var own = student.Forward(batch, mixed: recipe.Mixed).Results;
            var teachers = tensor(opinions, own.shape);
            distance += task.Distance(batch, teachers, own, recipe).sum().item<float>();
            tally.Add(batch, own, teachers);
        }

        return (-distance / questions.Sum(q => q.Texts.Length), tally.Value);
    }

    /// <summary>Batches of texts as a student reads them, and what the teacher says of them as it does.</summary>
    private Question[] Asked(IReadOnlyList<Example> texts)
    {
        var whole = textsOf(teacher.Shape.Vocabulary);
        return [.. Enumerable.Range(0, texts.Count).OrderBy(i => texts[i].Ids.Length).Chunk(BatchSize).Select(numbers =>
        {
            using var scope = NewDisposeScope();
            using var batch = Batch.Of([.. numbers.Select(i => whole[i])]);
            var opinions = teacher.Forward(batch, mixed: recipe.Mixed).Results.contiguous().data<float>().ToArray();
            return new Question([.. numbers.Select(i => texts[i])], opinions);
        })];
    }

    private readonly record struct Question(Example[] Texts, float[] Opinions);
}
