using System.Text.Json.Serialization;

namespace EmbeddingService;

internal sealed record EmbedRequest(string Text);

internal sealed record EmbedResponse(float[] Vector);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(EmbedRequest))]
[JsonSerializable(typeof(EmbedResponse))]
internal sealed partial class EmbeddingJson : JsonSerializerContext;

/// <summary>The service, whatever makes the vectors.</summary>
internal static class EmbeddingEndpoints
{
    private const int MaxCharacters = 20_000;

    /// <summary>An app that answers POST /embed by the vector of a text.</summary>
    public static WebApplication Create(string[] args, Func<string, float[]> embed)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.ConfigureHttpJsonOptions(o => o.SerializerOptions.TypeInfoResolverChain.Insert(0, EmbeddingJson.Default));
        var app = builder.Build();
        app.MapPost("/embed", (EmbedRequest request) => request.Text is null or { Length: > MaxCharacters }
            ? Results.BadRequest()
            : Results.Ok(new EmbedResponse(embed(request.Text))));
        return app;
    }
}
