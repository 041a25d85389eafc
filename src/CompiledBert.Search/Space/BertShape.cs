using System.Globalization;

namespace CompiledBert.Search.Space;

/// <summary>The function between the two products of a feed-forward block.</summary>
public enum Activation
{
    /// <summary>GELU with the exact error function.</summary>
    Gelu,

    /// <summary>max(x, 0): cheaper.</summary>
    Relu,
}

/// <summary>What stands behind every residual sum.</summary>
public enum Norm
{
    /// <summary>Layer normalisation.</summary>
    LayerNorm,

    /// <summary>x·γ + β and no statistics: cheaper (MobileBERT, Sun et al. 2020).</summary>
    NoNorm,
}

/// <summary>One layer of an encoder.</summary>
/// <param name="Heads">Attention heads.</param>
/// <param name="HeadSize">Elements of a head; heads times this need not be the encoder's width.</param>
/// <param name="Inner">Width between the two products of the feed-forward block.</param>
public readonly record struct LayerShape(int Heads, int HeadSize, int Inner);

/// <summary>The architecture of a BERT: one candidate of a search. Value equality.</summary>
public sealed record BertShape
{
    /// <summary>Rows of the table of tokens.</summary>
    public required int Vocabulary { get; init; }

    /// <summary>
    /// Width of the table of tokens. Below <see cref="Width"/> the table is factored: a product brings its rows to the
    /// encoder's width (ALBERT, Lan et al. 2020).
    /// </summary>
    public required int Embedding { get; init; }

    /// <summary>Width of the encoder.</summary>
    public required int Width { get; init; }

    /// <summary>The layers, first to last.</summary>
    public required IReadOnlyList<LayerShape> Layers { get; init; }

    /// <summary>The activation of all layers.</summary>
    public Activation Activation { get; init; }

    /// <summary>The norm of all layers and of the embeddings.</summary>
    public Norm Norm { get; init; }

    /// <summary>Whether a product stands between the table of tokens and the encoder.</summary>
    public bool IsFactored => Embedding < Width;

    /// <summary>Numbers that are trained, a head of the model left out.</summary>
    public long Parameters
    {
        get
        {
            long attention(LayerShape l) => (4L * Width * l.Heads * l.HeadSize) + (3L * l.Heads * l.HeadSize) + Width;
            long feedForward(LayerShape l) => (2L * Width * l.Inner) + l.Inner + Width;
            return ((long)Vocabulary * Embedding) + (IsFactored ? (long)Embedding * Width : 0)
                + Layers.Sum(l => attention(l) + feedForward(l) + (4L * Width)) + (2L * Width);
        }
    }

    /// <inheritdoc/>
    public bool Equals(BertShape? other) =>
        other is not null && Vocabulary == other.Vocabulary && Embedding == other.Embedding && Width == other.Width
        && Activation == other.Activation && Norm == other.Norm && Layers.SequenceEqual(other.Layers);

    /// <inheritdoc/>
    public override int GetHashCode() => Layers.Aggregate(HashCode.Combine(Vocabulary, Embedding, Width, Activation, Norm), HashCode.Combine);

    /// <summary>One line: <c>width 384, 3 layers 8x32/384 8x32/384 12x32/512, table 30522x128, relu, nonorm</c>.</summary>
    public override string ToString()
    {
        var layers = string.Join(' ', Layers.Select(l => string.Create(CultureInfo.InvariantCulture, $"{l.Heads}x{l.HeadSize}/{l.Inner}")));
        var (activation, norm) = (Activation == Activation.Relu ? ", relu" : "", Norm == Norm.NoNorm ? ", nonorm" : "");
        return string.Create(
            CultureInfo.InvariantCulture, $"width {Width}, {Layers.Count} layers {layers}, table {Vocabulary}x{Embedding}{activation}{norm}");
    }
}
