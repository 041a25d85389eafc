using CompiledBert.Text;
using Microsoft.Extensions.AI;

namespace CompiledBert.Extensions.AI;

/// <summary>A compiled model as an embedding generator. It never blocks the caller's thread.</summary>
public sealed class CompiledEmbeddingGenerator : IEmbeddingGenerator<string, Embedding<float>>
{
    private readonly IEmbeddingModel _model;
    private readonly bool _owns;
    private readonly string? _prefix;
    private readonly EmbeddingGeneratorMetadata _metadata;

    /// <summary>Creates the generator.</summary>
    /// <param name="model">The model.</param>
    /// <param name="ownsModel">Whether disposing the generator disposes the model.</param>
    /// <param name="prefix">What stands before every text, such as the model's <see cref="Embedder.QueryPrefix"/>; null for what its files say.</param>
    public CompiledEmbeddingGenerator(IEmbeddingModel model, bool ownsModel = false, string? prefix = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        (_model, _owns, _prefix) = (model, ownsModel, prefix);
        var name = (model as CompiledModel)?.Info.Name;
        _metadata = new EmbeddingGeneratorMetadata("CompiledBert", providerUri: null, name, model.Embedder.Dimensions);
    }

    /// <inheritdoc/>
    /// <remarks>An embedding whose text had too many tokens, so that its end was left out, has the additional property <c>IsTruncated</c>.</remarks>
    /// <exception cref="ArgumentException">The options ask for other dimensions than the model has.</exception>
    public Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(values);
        var dimensions = _model.Embedder.Dimensions;
        if (options?.Dimensions is { } asked && asked != dimensions)
        {
            throw new ArgumentException($"The model's vectors have {dimensions} elements, {asked} were asked for.", nameof(options));
        }

        var texts = values.ToArray();
        return Task.Run(() => Generate(texts, cancellationToken), cancellationToken);
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(EmbeddingGeneratorMetadata) ? _metadata
            : serviceType.IsInstanceOfType(this) ? this
            : serviceType.IsInstanceOfType(_model) ? _model
            : null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_owns)
        {
            _model.Dispose();
        }
    }

    private GeneratedEmbeddings<Embedding<float>> Generate(string[] texts, CancellationToken cancellationToken)
    {
        var vectors = _model.Embedder.EmbedAll(texts, _prefix, null, out var tokens, out var areTruncated, cancellationToken);
        var now = DateTimeOffset.UtcNow;
        return new GeneratedEmbeddings<Embedding<float>>(vectors.Select((v, i) => new Embedding<float>(v)
        {
            CreatedAt = now,
            ModelId = _metadata.DefaultModelId,
            AdditionalProperties = areTruncated[i] ? new AdditionalPropertiesDictionary { ["IsTruncated"] = true } : null,
        }))
        {
            Usage = new UsageDetails { InputTokenCount = tokens, TotalTokenCount = tokens },
        };
    }
}
