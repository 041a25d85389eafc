using CompiledBert.Search.Space;

namespace CompiledBert.Training.Strategies;

/// <summary>
/// A shape as a row of decisions: layers first, then what all layers have in common, then heads and inner width of every layer. Each is the
/// number of a choice of its kind.
/// </summary>
/// <param name="space">What may be chosen from.</param>
internal sealed class ShapeDecisions(SearchSpace space)
{
    private const int Common = 7;

    private readonly ShapeVariation _variation = new(space);

    /// <summary>How many choices each kind of decision has.</summary>
    public IReadOnlyList<int> Choices { get; } =
    [
        space.Layers.Count, space.Width.Count, space.Embedding.Count, space.Vocabulary.Count, space.HeadSize.Count,
        space.Activations.Count, space.Norms.Count, space.Heads.Count, space.Inner.Count,
    ];

    /// <summary>The kind of the next decision; null where all are made.</summary>
    public int? KindAfter(IReadOnlyList<int> made) =>
        made.Count < Common ? made.Count : made.Count < Common + (2 * space.Layers[made[0]]) ? Common + ((made.Count - Common) % 2) : null;

    /// <summary>The shape that was decided for.</summary>
    public BertShape ShapeOf(IReadOnlyList<int> made)
    {
        var size = space.HeadSize[made[4]];
        var layers = Enumerable.Range(0, space.Layers[made[0]])
            .Select(i => new LayerShape(space.Heads[made[Common + (2 * i)]], size, space.Inner[made[Common + (2 * i) + 1]]))
            .ToArray();
        return _variation.Made(
            space.Width[made[1]], space.Embedding[made[2]], space.Vocabulary[made[3]], space.Activations[made[5]], space.Norms[made[6]], layers);
    }

    /// <summary>The decisions that lead to a shape of the space.</summary>
    public IReadOnlyList<int> Of(BertShape shape) =>
    [
        At(space.Layers, shape.Layers.Count), At(space.Width, shape.Width), At(space.Embedding, shape.Embedding),
        At(space.Vocabulary, shape.Vocabulary), At(space.HeadSize, shape.Layers[0].HeadSize),
        At(space.Activations, shape.Activation), At(space.Norms, shape.Norm),
        .. shape.Layers.SelectMany(l => new[] { At(space.Heads, l.Heads), At(space.Inner, l.Inner) }),
    ];

    /// <summary>The number of a choice, or of the first one above it: a table that is not factored may be narrower than what it was chosen by.</summary>
    private static int At<T>(IReadOnlyList<T> choices, T value) =>
        Math.Min(choices.TakeWhile(c => Comparer<T>.Default.Compare(c, value) < 0).Count(), choices.Count - 1);
}
