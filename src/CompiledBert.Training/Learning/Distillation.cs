using CompiledBert.Training.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace CompiledBert.Training.Learning;

/// <summary>
/// What a student has to come near: the teacher's logits (Hinton et al. 2015) and the hidden states of the teacher's layers that its own layers came from,
/// in the columns that it kept.
/// </summary>
/// <param name="teacher">The teacher; it is not trained.</param>
/// <param name="origin">What the student inherited.</param>
public sealed class Distillation(TorchBert teacher, Inheritance origin)
{
    private readonly Tensor? _columns = origin.Columns.Length == teacher.Shape.Width ? null : tensor(origin.Columns.Select(c => (long)c).ToArray());

    /// <summary>How far the student's results for a batch are from the teacher's.</summary>
    public Tensor Loss(Batch batch, Tensor logits, IReadOnlyList<Tensor> hidden, TrainingRecipe recipe)
    {
        Tensor opinions;
        List<Tensor> states;
        using (no_grad())
        {
            var (teachers, all) = teacher.Forward(batch);
            opinions = nn.functional.softmax(teachers / recipe.Temperature, 1);
            states = [.. origin.Layers.Select(layer => all[layer + 1]).Prepend(all[0]).Select(h => _columns is null ? h : h.index_select(2, _columns))];
        }

        var own = nn.functional.log_softmax(logits / recipe.Temperature, 1);
        var loss = -(opinions * own).sum(1).mean() * (recipe.Temperature * recipe.Temperature);
        loss += nn.functional.cross_entropy(logits, batch.Labels) * recipe.LabelWeight;
        if (recipe.HiddenWeight > 0)
        {
            var mask = batch.Mask.view(batch.Count, batch.Tokens, 1);
            var elements = mask.sum() * hidden[0].shape[2];
            foreach (var (student, target) in hidden.Zip(states))
            {
                loss += ((student - target).pow(2) * mask).sum() / elements * (recipe.HiddenWeight / hidden.Count);
            }
        }

        return loss;
    }
}
