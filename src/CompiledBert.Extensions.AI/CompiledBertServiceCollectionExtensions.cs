using CompiledBert.Extensions.AI;
using CompiledBert.Text;
using Microsoft.Extensions.AI;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Compiled models among an app's services.</summary>
public static class CompiledBertServiceCollectionExtensions
{
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
