using System.Text.Json;
using System.Text.Json.Serialization;

namespace CompiledBert.Search.Space;

/// <summary>Shapes as JSON, as logs and reports have them.</summary>
public static class ShapeJson
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        IgnoreReadOnlyProperties = true,
    };

    /// <summary>A shape on one line.</summary>
    public static string Write(BertShape shape) => JsonSerializer.Serialize(shape, Options);

    /// <summary>Reads a shape; null where the text is something else.</summary>
    public static BertShape? Read(string json)
    {
        try
        {
            var shape = JsonSerializer.Deserialize<BertShape>(json, Options);
            return shape is { Width: > 0, Vocabulary: > 0, Embedding: > 0, Layers.Count: > 0 }
                && shape.Embedding <= shape.Width && shape.Layers.All(l => l is { Heads: > 0, HeadSize: > 0, Inner: > 0 }) ? shape : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
