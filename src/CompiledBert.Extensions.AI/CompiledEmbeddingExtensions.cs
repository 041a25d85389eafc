using CompiledBert.Extensions.AI;
using CompiledBert.Text;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace CompiledBert;

/// <summary>Compiled models where the ecosystem expects embedding generators.</summary>
public static class CompiledEmbeddingExtensions
{
    /// <summary>The model as an embedding generator; the caller still owns the model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="prefix">What stands before every text, such as the model's <see cref="Embedder.QueryPrefix"/>; null for what its files say.</param>
    public static IEmbeddingGenerator<string, Embedding<float>> AsEmbeddingGenerator(this IEmbeddingModel model, string? prefix = null) =>
        new CompiledEmbeddingGenerator(model, prefix: prefix);

    /// <summary>Adds a model, loaded when it is first asked for, by its class, as <see cref="IEmbeddingModel"/> and as an embedding generator.</summary>
    /// <param name="services">The services.</param>
    /// <param name="load">Loads the model: <c>() => AllMiniLmL6V2.Load()</c>.</param>
    public static IServiceCollection AddEmbeddingModel<TModel>(this IServiceCollection services, Func<TModel> load)
        where TModel : class, IEmbeddingModel
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(load);
        services.AddSingleton(_ => load());
        services.AddSingleton<IEmbeddingModel>(provider => provider.GetRequiredService<TModel>());
        services.AddSingleton<IEmbeddingGenerator<string, Embedding<float>>>(provider => new CompiledEmbeddingGenerator(provider.GetRequiredService<TModel>()));
        return services;
    }
}
