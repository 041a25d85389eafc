namespace CompiledBert.Search.Space;

/// <summary>What a search may choose from: for each part of a shape its possible values. Heads and inner width are chosen for each layer.</summary>
public sealed record SearchSpace
{
    /// <summary>Numbers of layers, rising.</summary>
    public required IReadOnlyList<int> Layers { get; init; }

    /// <summary>Widths of the encoder, rising.</summary>
    public required IReadOnlyList<int> Width { get; init; }

    /// <summary>Heads of a layer, rising.</summary>
    public required IReadOnlyList<int> Heads { get; init; }

    /// <summary>Elements of a head, rising; one choice for all layers.</summary>
    public required IReadOnlyList<int> HeadSize { get; init; }

    /// <summary>Inner widths of a layer, rising.</summary>
    public required IReadOnlyList<int> Inner { get; init; }

    /// <summary>Widths of the table of tokens, rising; what is not below the encoder's width stands for that width, not factored.</summary>
    public required IReadOnlyList<int> Embedding { get; init; }

    /// <summary>Rows of the table of tokens, rising: the most frequent ones stay.</summary>
    public required IReadOnlyList<int> Vocabulary { get; init; }

    /// <summary>Activations.</summary>
    public IReadOnlyList<Activation> Activations { get; init; } = [Activation.Gelu];

    /// <summary>Norms.</summary>
    public IReadOnlyList<Norm> Norms { get; init; } = [Norm.LayerNorm];

    /// <summary>The usual space below a teacher: shares of its widths, whole layers, heads of its size.</summary>
    public static SearchSpace Below(BertShape teacher)
    {
        var layer = teacher.Layers[0];
        return new SearchSpace
        {
            Layers = [.. Enumerable.Range(1, teacher.Layers.Count)],
            Width = Shares(teacher.Width, 16, 3, 4, 6, 8),
            Heads = [.. Enumerable.Range(1, layer.Heads)],
            HeadSize = [layer.HeadSize],
            Inner = Shares(layer.Inner, 16, 1, 2, 3, 4, 5, 6, 8),
            Embedding = [.. Shares(teacher.Embedding, 16, 1, 2, 4).Append(teacher.Width).Distinct().Order()],
            Vocabulary = [teacher.Vocabulary],
            Activations = teacher.Activation == Activation.Relu ? [Activation.Relu] : [Activation.Gelu, Activation.Relu],
            Norms = [teacher.Norm],
        };
    }

    /// <summary>The least of everything: where this is too much, nothing in the space is little enough.</summary>
    public BertShape Smallest => new()
    {
        Vocabulary = Vocabulary[0],
        Width = Width[0],
        Embedding = Math.Min(Embedding[0], Width[0]),
        Activation = Activations[^1],
        Norm = Norms[^1],
        Layers = [.. Enumerable.Repeat(new LayerShape(Heads[0], HeadSize[0], Inner[0]), Layers[0])],
    };

    /// <summary>The most of everything.</summary>
    public BertShape Largest => new()
    {
        Vocabulary = Vocabulary[^1],
        Width = Width[^1],
        Embedding = Math.Min(Embedding[^1], Width[^1]),
        Activation = Activations[0],
        Norm = Norms[0],
        Layers = [.. Enumerable.Repeat(new LayerShape(Heads[^1], HeadSize[^1], Inner[^1]), Layers[^1])],
    };

    /// <summary>Whether a shape can be chosen.</summary>
    public bool Contains(BertShape shape) =>
        Layers.Contains(shape.Layers.Count)
        && Width.Contains(shape.Width)
        && Vocabulary.Contains(shape.Vocabulary)
        && (shape.IsFactored ? Embedding.Contains(shape.Embedding) : shape.Embedding == shape.Width && Embedding[^1] >= shape.Width)
        && Activations.Contains(shape.Activation)
        && Norms.Contains(shape.Norm)
        && shape.Layers.All(l => Heads.Contains(l.Heads) && HeadSize.Contains(l.HeadSize) && Inner.Contains(l.Inner) && l.HeadSize == shape.Layers[0].HeadSize);

    private static int[] Shares(int whole, int step, params int[] eighths) =>
        [.. eighths.Select(e => Math.Max(step, whole * e / 8 / step * step)).Where(v => v <= whole).Append(whole).Distinct().Order()];
}
