using System.Globalization;

namespace CompiledBert.Search.Graphs;

/// <summary>Names of a BERT's weights, those of the Hugging Face library. A product's are <c>NAME.weight</c> and <c>NAME.bias</c>, a norm's too.</summary>
public static class WeightNames
{
    /// <summary>The table of tokens.</summary>
    public const string Words = "embeddings.word_embeddings.weight";

    /// <summary>What brings the rows of a factored table to the encoder's width.</summary>
    public const string Projection = "embeddings.projection.weight";

    /// <summary>The table of positions.</summary>
    public const string Positions = "embeddings.position_embeddings.weight";

    /// <summary>The table of segments.</summary>
    public const string Segments = "embeddings.token_type_embeddings.weight";

    /// <summary>The norm of the embeddings.</summary>
    public const string EmbeddingNorm = "embeddings.LayerNorm";

    /// <summary>Within a layer: the queries' product.</summary>
    public const string Query = "attention.self.query";

    /// <summary>Within a layer: the keys' product.</summary>
    public const string Key = "attention.self.key";

    /// <summary>Within a layer: the values' product.</summary>
    public const string Value = "attention.self.value";

    /// <summary>Within a layer: the product behind the heads.</summary>
    public const string AttentionOutput = "attention.output.dense";

    /// <summary>Within a layer: the norm behind attention.</summary>
    public const string AttentionNorm = "attention.output.LayerNorm";

    /// <summary>Within a layer: the first product of the feed-forward block.</summary>
    public const string Inner = "intermediate.dense";

    /// <summary>Within a layer: the second product of the feed-forward block.</summary>
    public const string Output = "output.dense";

    /// <summary>Within a layer: the norm behind the feed-forward block.</summary>
    public const string OutputNorm = "output.LayerNorm";

    /// <summary>The product in front of the tanh that some classifiers have.</summary>
    public const string Pooler = "pooler.dense";

    /// <summary>The head's product: what tells labels, or makes a vector as wide as it should be.</summary>
    public const string Classifier = "classifier";

    /// <summary>What the names of a layer's weights begin with.</summary>
    public static string Layer(int index) => string.Create(CultureInfo.InvariantCulture, $"encoder.layer.{index}.");
}
