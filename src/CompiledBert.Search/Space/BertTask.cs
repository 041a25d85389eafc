namespace CompiledBert.Search.Space;

/// <summary>How the vectors of tokens become those that a head reads.</summary>
public enum Pooling
{
    /// <summary>The first token's. The last layer computes that row alone.</summary>
    Cls,

    /// <summary>The mean over the tokens that the mask keeps.</summary>
    Mean,

    /// <summary>None: every token has a result of its own.</summary>
    None,
}

/// <summary>What all candidates of a search have in common.</summary>
public sealed record BertTask
{
    /// <summary>Results of the head: one for every label to choose from, or the elements of a vector. 0 for a model without a head.</summary>
    public required int Outputs { get; init; }

    /// <summary>The most tokens of a sequence, special ones included: rows of the table of positions.</summary>
    public required int Positions { get; init; }

    /// <summary>Rows of the table of segments; 0 for a model without.</summary>
    public int Segments { get; init; } = 2;

    /// <summary>How a sequence becomes one vector.</summary>
    public Pooling Pooling { get; init; }

    /// <summary>Whether a product and a tanh stand between the pooled vector and the head, as BERT's classifiers have them.</summary>
    public bool HasPooler { get; init; }

    /// <summary>What layer normalisation adds to the variance.</summary>
    public float Epsilon { get; init; } = 1e-12f;
}
