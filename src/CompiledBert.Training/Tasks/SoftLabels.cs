using CompiledBert.Training.Learning;
using CompiledBert.Training.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace CompiledBert.Training.Tasks;

/// <summary>Opinions on labels, softened (Hinton et al. 2015).</summary>
internal static class SoftLabels
{
    /// <summary>The divergence of Kullback and Leibler of the teacher's opinions from a model's, along the last axis.</summary>
    public static Tensor Divergence(Tensor teachers, Tensor own, TrainingRecipe recipe)
    {
        var (wanted, told) = (LogShares(teachers, recipe), LogShares(own, recipe));
        return (wanted.exp() * (wanted - told)).sum(-1);
    }

    /// <summary>The mean cross-entropy of those logits whose label is known; 0 where none is.</summary>
    /// <param name="logits">The logits [N, labels].</param>
    /// <param name="labels">The labels' numbers [N], below 0 where nobody knows.</param>
    public static Tensor Wrong(Tensor logits, Tensor labels)
    {
        var known = labels.With(0, (l, none) => l.ge(none)).to_type(ScalarType.Float32);
        var wrong = nn.functional.cross_entropy(logits, AtLeast(labels, 0), reduction: nn.Reduction.None);
        return (wrong * known).sum() / AtLeast(known.sum(), 1);
    }

    private static Tensor LogShares(Tensor logits, TrainingRecipe recipe) =>
        nn.functional.log_softmax(logits.With(recipe.Temperature, (l, temperature) => l.div(temperature)), -1);

    private static Tensor AtLeast(Tensor tensor, int least) => tensor.With(least, (t, l) => t.clamp_min(l));
}
