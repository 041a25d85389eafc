namespace CompiledBert.Search.Space;

/// <summary>Shapes of a space by chance: new ones, changed ones, mixed ones. The same random numbers give the same shapes.</summary>
/// <param name="space">The space; every shape made is in it.</param>
public sealed class ShapeVariation(SearchSpace space)
{
    /// <summary>A shape whose parts are all chosen by chance. Half of them have the same heads and inner width in all layers.</summary>
    public BertShape Sample(Random random)
    {
        var size = Of(space.HeadSize, random);
        var one = LayerOf(size, random);
        var uniform = random.Next(2) == 0;
        var layers = Enumerable.Range(0, Of(space.Layers, random)).Select(_ => uniform ? one : LayerOf(size, random)).ToArray();
        return Made(
            Of(space.Width, random), Of(space.Embedding, random), Of(space.Vocabulary, random), Of(space.Activations, random), Of(space.Norms, random), layers);
    }

    /// <summary>A shape with one part, which is by chance, made smaller by one choice; the same where that part is as small as it may be.</summary>
    public BertShape Shrink(BertShape shape, Random random) => Stepped(shape, Below, random);

    /// <summary>A shape with one part, which is by chance, made larger by one choice; the same where that part is as large as it may be.</summary>
    public BertShape Grow(BertShape shape, Random random) => Stepped(shape, Above, random);

    /// <summary>A shape with one part changed, or several with falling probability.</summary>
    public BertShape Mutate(BertShape shape, Random random)
    {
        do
        {
            shape = Change(shape, random);
        }
        while (random.Next(3) == 0);

        return shape;
    }

    /// <summary>Every part from one of two shapes.</summary>
    public BertShape Cross(BertShape a, BertShape b, Random random)
    {
        BertShape Either() => random.Next(2) == 0 ? a : b;
        var deep = Either();
        var size = Either().Layers[0].HeadSize;
        var layers = deep.Layers.Select((layer, i) =>
        {
            var other = Either().Layers;
            return (i < other.Count ? other[i] : layer) with { HeadSize = size };
        }).ToArray();
        return Made(Either().Width, Either().Embedding, Either().Vocabulary, Either().Activation, Either().Norm, layers);
    }

    /// <summary>One part, which is by chance, becomes the next one in a direction.</summary>
    private BertShape Stepped(BertShape shape, Func<IReadOnlyList<int>, int, int> step, Random random)
    {
        var (width, embedding, vocabulary, layers) = (shape.Width, shape.Embedding, shape.Vocabulary, shape.Layers.ToArray());
        var at = random.Next(layers.Length);
        switch (random.Next(space.Vocabulary.Count > 1 ? 9 : 8))
        {
            case 0:
                layers = OfDepth(step(space.Layers, layers.Length), layers, at);
                break;
            case 1:
                width = step(space.Width, width);
                break;
            case 2:
                embedding = step(space.Embedding, embedding);
                break;
            case 3 or 4:
                layers[at] = layers[at] with { Heads = step(space.Heads, layers[at].Heads) };
                break;
            case 8:
                vocabulary = step(space.Vocabulary, vocabulary);
                break;
            default:
                layers[at] = layers[at] with { Inner = step(space.Inner, layers[at].Inner) };
                break;
        }

        return Made(width, embedding, vocabulary, shape.Activation, shape.Norm, layers);
    }

    /// <summary>One part becomes the next smaller or larger one, or, where a single step would hardly show, any.</summary>
    private BertShape Change(BertShape shape, Random random)
    {
        var layers = shape.Layers.ToArray();
        var size = layers[0].HeadSize;
        var (width, embedding, vocabulary, activation, norm) = (shape.Width, shape.Embedding, shape.Vocabulary, shape.Activation, shape.Norm);
        var at = random.Next(layers.Length);
        int Other(IReadOnlyList<int> choices, int value) => random.Next(3) == 0 ? Of(choices, random) : Near(choices, value, random);
        void ChangeLayers(Func<LayerShape, LayerShape> changed)
        {
            var all = random.Next(4) == 0;
            for (var i = 0; i < layers.Length; i++)
            {
                layers[i] = all || i == at ? changed(layers[i]) : layers[i];
            }
        }

        switch (random.Next(9))
        {
            case 0:
                layers = OfDepth(Other(space.Layers, layers.Length), layers, at);
                break;
            case 1:
                width = Other(space.Width, width);
                break;
            case 2 or 3:
                var heads = Other(space.Heads, layers[at].Heads);
                ChangeLayers(l => l with { Heads = heads });
                break;
            case 4 or 5:
                var inner = Other(space.Inner, layers[at].Inner);
                ChangeLayers(l => l with { Inner = inner });
                break;
            case 6:
                embedding = Of(space.Embedding, random);
                vocabulary = Near(space.Vocabulary, vocabulary, random);
                break;
            case 7:
                activation = Of(space.Activations, random);
                norm = Of(space.Norms, random);
                break;
            default:
                size = Near(space.HeadSize, size, random);
                break;
        }

        return Made(width, embedding, vocabulary, activation, norm, [.. layers.Select(l => l with { HeadSize = size })]);
    }

    /// <summary>
    /// A shape of parts of the space. A table at least as wide as the encoder is not factored; where the space has none so wide, it is as wide as it may be.
    /// </summary>
    public BertShape Made(int width, int embedding, int vocabulary, Activation activation, Norm norm, IReadOnlyList<LayerShape> layers)
    {
        var below = space.Embedding.Where(e => e < width).DefaultIfEmpty(width).Max();
        var allowed = space.Embedding.Contains(embedding) ? embedding : space.Embedding[^1] >= width ? width : below;
        return new BertShape
        {
            Width = width,
            Embedding = Math.Min(width, allowed),
            Vocabulary = vocabulary,
            Activation = activation,
            Norm = norm,
            Layers = layers,
        };
    }

    private LayerShape LayerOf(int size, Random random) => new(Of(space.Heads, random), size, Of(space.Inner, random));

    private static T Of<T>(IReadOnlyList<T> choices, Random random) => choices[random.Next(choices.Count)];

    /// <summary>The first layers, or all of them and one of them as often again as there are too few.</summary>
    private static LayerShape[] OfDepth(int depth, LayerShape[] layers, int again) =>
        [.. layers.Take(depth), .. Enumerable.Repeat(layers[again], Math.Max(0, depth - layers.Length))];

    private static int Above(IReadOnlyList<int> choices, int value) => choices.Where(c => c > value).DefaultIfEmpty(value).Min();

    private static int Below(IReadOnlyList<int> choices, int value) => choices.Where(c => c < value).DefaultIfEmpty(value).Max();

    /// <summary>The next smaller or larger choice.</summary>
    private static int Near(IReadOnlyList<int> choices, int value, Random random)
    {
        var at = 0;
        while (at < choices.Count - 1 && choices[at] < value)
        {
            at++;
        }

        return choices[Math.Clamp(at + (random.Next(2) == 0 ? -1 : 1), 0, choices.Count - 1)];
    }
}
