using CompiledBert.Training.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace CompiledBert.Training.Learning;

/// <summary>
/// What a student has to come near: the teacher's logits (Hinton et al. 2015) and the hidden states of the teacher's layers that its own layers came from,
/// in the columns that it kept.
/// </summary>
/// <param name="teacher">What the teacher says of the examples.</param>
/// <param name="origin">What the student inherited.</param>
public sealed class Distillation(TeacherMemory teacher, Inheritance origin)
{
    // It outlives the step that it is made in.
    private readonly Tensor? _columns = origin.Columns.Length == teacher.Width ? null : tensor(origin.Columns.Select(c => (long)c).ToArray()).DetachFromDisposeScope();

    /// <summary>How far the student's results for a batch are from the teacher's.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="numbers">Which examples it is of.</param>
    /// <param name="logits">The student's logits [B, labels].</param>
    /// <param name="hidden">The student's hidden states: of the embeddings, of every layer.</param>
    /// <param name="recipe">What counts how much.</param>
    public Tensor Loss(Batch batch, IReadOnlyList<int> numbers, Tensor logits, IReadOnlyList<Tensor> hidden, TrainingRecipe recipe)
    {
        Tensor opinions;
        IReadOnlyList<Tensor> states;
        using (no_grad())
        {
            (var teachers, states) = teacher.Of(batch, numbers, recipe.HiddenWeight > 0 ? origin.Layers : []);
            opinions = nn.functional.softmax(Softened(teachers, recipe), 1);
        }

        var own = nn.functional.log_softmax(Softened(logits, recipe), 1);
        var loss = -(opinions * own).sum(1).mean().Times(recipe.Temperature * recipe.Temperature);
        var known = batch.Labels.With(0, (labels, none) => labels.ge(none)).to_type(ScalarType.Float32);
        var wrong = nn.functional.cross_entropy(logits, AtLeast(batch.Labels, 0), reduction: nn.Reduction.None);
        loss = loss.Plus(((wrong * known).sum() / AtLeast(known.sum(), 1)).Times(recipe.LabelWeight));
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

    /// <summary>Logits as soft as they are compared.</summary>
    internal static Tensor Softened(Tensor logits, TrainingRecipe recipe) => logits.With(recipe.Temperature, (l, temperature) => l.div(temperature));

    private static Tensor AtLeast(Tensor tensor, int least) => tensor.With(least, (t, l) => t.clamp_min(l));
}
