using CompiledBert.Training.Models;
using CompiledBert.Training.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace CompiledBert.Training.Learning;

/// <summary>
/// What a student has to come near: the teacher's results and, of the teacher's layers that its own layers came from, the hidden states, in the
/// columns that it kept, and what the heads that it kept look at (head by head, as in MobileBERT, Sun et al. 2020; a head that was left out has
/// none to come near to it).
/// </summary>
/// <param name="teacher">What the teacher says of the examples.</param>
/// <param name="origin">What the student inherited.</param>
/// <param name="task">What both are for.</param>
internal sealed class Distillation(TeacherMemory teacher, Inheritance origin, IModelTask task)
{
    // They outlive the step that they are made in.
    private readonly Tensor? _columns = origin.Columns.Length == teacher.Width ? null : Numbered(origin.Columns);
    private readonly Tensor[] _heads = [.. origin.Heads.Select(Numbered)];

    /// <summary>How far the student's results for a batch are from the teacher's.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="numbers">Which examples it is of.</param>
    /// <param name="own">What the student computes of it.</param>
    /// <param name="recipe">What counts how much.</param>
    public Tensor Loss(Batch batch, IReadOnlyList<int> numbers, BertResults own, TrainingRecipe recipe)
    {
        TeacherOpinion wanted;
        using (no_grad())
        {
            wanted = teacher.Of(batch, numbers, origin.Layers);
        }

        var loss = task.Distance(batch, wanted.Results, own.Results, recipe).mean().Times(task.DistanceWeight(recipe));
        if (task.LabelLoss(batch, own.Results) is { } wrong)
        {
            loss = loss.Plus(wrong.Times(recipe.LabelWeight));
        }

        foreach (var (student, state) in own.Hidden.Skip(1).Zip(wanted.States))
        {
            loss = loss.Plus(OfHidden(student, state, batch).Times(recipe.HiddenWeight / origin.Layers.Length));
        }

        foreach (var (scores, shares, heads) in own.Scores.Zip(wanted.Shares, _heads))
        {
            loss = loss.Plus(OfAttention(scores, shares.index_select(1, heads), batch).Times(recipe.AttentionWeight / origin.Layers.Length));
        }

        return loss;
    }

    /// <summary>The mean squared difference of hidden states.</summary>
    private Tensor OfHidden(Tensor student, Tensor state, Batch batch)
    {
        var target = _columns is null ? state : state.index_select(2, _columns);
        var kept = batch.Mask.slice(1, 0, student.shape[1], 1).unsqueeze(2);
        var off = ((student - target).With(2, (difference, two) => difference.pow(two)) * kept).sum();
        return off / kept.sum().Times(student.shape[2]);
    }

    /// <summary>The mean divergence of Kullback and Leibler, over heads and queries, of what heads look at from what they should.</summary>
    /// <param name="scores">The student's scores [B, heads, R, T].</param>
    /// <param name="shares">The shares of the teacher's heads that these came from [B, heads, R, T].</param>
    /// <param name="batch">The texts.</param>
    internal static Tensor OfAttention(Tensor scores, Tensor shares, Batch batch)
    {
        var kept = batch.Mask.slice(1, 0, scores.shape[2], 1).unsqueeze(1);
        var off = ((shares.xlogy(shares) - (shares * nn.functional.log_softmax(scores, 3))).sum(3) * kept).sum();
        return off / kept.sum().Times(scores.shape[1]);
    }

    private static Tensor Numbered(int[] numbers) => tensor(numbers.Select(n => (long)n).ToArray()).DetachFromDisposeScope();
}
