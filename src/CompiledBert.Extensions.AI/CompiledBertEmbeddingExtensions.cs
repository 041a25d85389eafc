using CompiledBert.Extensions.AI;
using CompiledBert.Text;

namespace Microsoft.Extensions.AI;

/// <summary>Compiled models as embedding generators.</summary>
public static class CompiledBertEmbeddingExtensions
{
    /// <summary>The model as an embedding generator; the caller still owns the model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="prefix">What stands before every text, such as the model's <see cref="Embedder.QueryPrefix"/>; null for what its files say.</param>
    public static IEmbeddingGenerator<string, Embedding<float>> AsEmbeddingGenerator(this IEmbeddingModel model, string? prefix = null) =>
        new CompiledEmbeddingGenerator(model, prefix: prefix);
}
