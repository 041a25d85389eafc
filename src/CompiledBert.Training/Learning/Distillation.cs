using CompiledBert.Training.Models;
using CompiledBert.Training.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace CompiledBert.Training.Learning;

/// <summary>
/// What a student has to come near: the teacher's results and the hidden states of the teacher's layers that its own layers came from,
/// in the columns that it kept.
/// </summary>
/// <param name="teacher">What the teacher says of the examples.</param>
/// <param name="origin">What the student inherited.</param>
/// <param name="task">What both are for.</param>
internal sealed class Distillation(TeacherMemory teacher, Inheritance origin, IModelTask task)
{
    // It outlives the step that it is made in.
    private readonly Tensor? _columns = origin.Columns.Length == teacher.Width ? null : tensor(origin.Columns.Select(c => (long)c).ToArray()).DetachFromDisposeScope();

    /// <summary>How far the student's results for a batch are from the teacher's.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="numbers">Which examples it is of.</param>
    /// <param name="own">The student's results.</param>
    /// <param name="hidden">The student's hidden states: of the embeddings, of every layer.</param>
    /// <param name="recipe">What counts how much.</param>
    public Tensor Loss(Batch batch, IReadOnlyList<int> numbers, Tensor own, IReadOnlyList<Tensor> hidden, TrainingRecipe recipe)
    {
        Tensor teachers;
        IReadOnlyList<Tensor> states;
        using (no_grad())
        {
            (teachers, states) = teacher.Of(batch, numbers, recipe.HiddenWeight > 0 ? origin.Layers : []);
        }

        var loss = task.Distance(batch, teachers, own, recipe).mean().Times(task.DistanceWeight(recipe));
        if (task.LabelLoss(batch, own) is { } wrong)
        {
            loss = loss.Plus(wrong.Times(recipe.LabelWeight));
        }

        if (states.Count > 0)
        {
            var mask = batch.Mask.view(batch.Count, batch.Tokens, 1);
            foreach (var (student, state) in hidden.Skip(1).Zip(states))
            {
                var target = _columns is null ? state : state.index_select(2, _columns);
                var kept = mask.slice(1, 0, student.shape[1], 1);
                var off = ((student - target).With(2, (difference, two) => difference.pow(two)) * kept).sum();
                loss = loss.Plus((off / kept.sum().Times(student.shape[2])).Times(recipe.HiddenWeight / states.Count));
            }
        }

        return loss;
    }
}
