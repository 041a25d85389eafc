namespace CompiledBert.Text;

/// <summary>A model that makes vectors of texts; emitted classes implement it.</summary>
public interface IEmbeddingModel : IDisposable
{
    /// <summary>What makes the vectors.</summary>
    Embedder Embedder { get; }
}
