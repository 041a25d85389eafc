using System.Text.Json;
using System.Text.Json.Serialization;
using CompiledBert.Compiler;
using CompiledBert.Training.Learning;
using CompiledBert.Training.Tasks;

namespace CompiledBert.Training.Runs;

/// <summary>What <c>compiledbert search</c> is asked for.</summary>
public sealed record SearchRequest
{
    /// <summary>The model to come near to.</summary>
    public required string Teacher { get; init; }

    /// <summary>What the model is for.</summary>
    public TaskKind Task { get; init; }

    /// <summary>The folder of the tokenizer, where it is not the teacher's own.</summary>
    public string? Tokenizer { get; init; }

    /// <summary>The texts, with labels where the task has some.</summary>
    public required string Train { get; init; }

    /// <summary>The most tokens of a text.</summary>
    public int MaxTokens { get; init; } = 128;

    /// <summary>Cores or devices; the first is the one that candidates are ranked by.</summary>
    public IReadOnlyList<string> Targets { get; init; } = [];

    /// <summary>What the found model will be compiled in.</summary>
    public Precision Precision { get; init; } = Precision.Int8;

    /// <summary>Times: <c>5ms@64</c>.</summary>
    public string? Budget { get; init; }

    /// <summary>The weights' size: <c>8MB</c>.</summary>
    public string? Size { get; init; }

    /// <summary>Arenas: <c>2MB@64</c>.</summary>
    public string? Memory { get; init; }

    /// <summary>A file of what may be chosen from; null for the space below the teacher.</summary>
    public string? Space { get; init; }

    /// <summary>Who proposes: evolution, controller or random.</summary>
    public string Strategy { get; init; } = "evolution";

    /// <summary>How many candidates are compared.</summary>
    public int Candidates { get; init; } = 600;

    /// <summary>How many steps the supernet is trained, whose parts candidates are.</summary>
    public int SupernetSteps { get; init; } = 3000;

    /// <summary>How many of the texts held out tell how near to the teacher a candidate is.</summary>
    public int ScoreTexts { get; init; } = 2000;

    /// <summary>How many of the best, the best of every depth first, are trained by themselves before one is chosen; 1 for none.</summary>
    public int Finalists { get; init; } = 4;

    /// <summary>For how many steps.</summary>
    public int FinalSteps { get; init; } = 400;

    /// <summary>How many models are trained besides the chosen one, from about 3 to 30 times fewer cycles than the teacher.</summary>
    public int Front { get; init; }

    /// <summary>How the chosen one is trained.</summary>
    public TrainingRecipe Recipe { get; init; } = new() { Epochs = 4, Rate = 3e-4, Variants = 1 };

    /// <summary>Whether the model's file keeps matrices in 16 bits: half the size.</summary>
    public bool Halves { get; init; }

    /// <summary>How many candidates, and how many models, are worked on at once; the result is the same whatever it is.</summary>
    [JsonIgnore]
    public int Workers { get; init; } = 1;

    /// <summary>The request as JSON: the same for the same request.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, RequestJson.Options) + "\n";

    /// <summary>The request with less of everything, so that it takes about a minute, or ten, on a small model.</summary>
    /// <exception cref="CompileException">There is no such preset.</exception>
    public SearchRequest Preset(string name) => name switch
    {
        "minute" => this with { Candidates = 12, SupernetSteps = 40, ScoreTexts = 200, Finalists = 1, Recipe = Recipe with { Epochs = 1, Variants = 0 } },
        "ten-minutes" => this with
        {
            Candidates = 200, SupernetSteps = 1000, Finalists = 2, FinalSteps = 100,
            Recipe = Recipe with { Epochs = 0.5, Variants = 0 },
        },
        "full" => this,
        _ => throw DiagnosticTable.InvalidMetadata.Error(null, null, "--preset", name, "minute, ten-minutes, full"),
    };
}
