using System.Text.Json;
using CompiledBert.Search.Space;
using CompiledBert.Training.Learning;
using CompiledBert.Training.Tasks;

namespace CompiledBert.Training.Runs;

/// <summary>What <c>compiledbert train</c> is asked for.</summary>
public sealed record TrainRequest
{
    /// <summary>The model to begin with.</summary>
    public required string Model { get; init; }

    /// <summary>What the model is for.</summary>
    public TaskKind Task { get; init; }

    /// <summary>The folder of the tokenizer, where it is not the model's own.</summary>
    public string? Tokenizer { get; init; }

    /// <summary>The texts, with labels where the task has some.</summary>
    public required string Train { get; init; }

    /// <summary>The most tokens of a text.</summary>
    public int MaxTokens { get; init; } = 128;

    /// <summary>How a new classifier pools.</summary>
    public Pooling Pooling { get; init; }

    /// <summary>How it is trained.</summary>
    public TrainingRecipe Recipe { get; init; } = new();

    /// <summary>Whether the model's file keeps matrices in 16 bits: half the size.</summary>
    public bool Halves { get; init; }

    /// <summary>The request as JSON: the same for the same request.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, RequestJson.Options) + "\n";
}

/// <summary>How requests are written.</summary>
internal static class RequestJson
{
    public static JsonSerializerOptions Options { get; } = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Converters = { new System.Text.Json.Serialization.JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };
}
