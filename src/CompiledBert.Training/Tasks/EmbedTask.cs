using System.Text.Json.Nodes;
using CompiledBert.Compiler;
using CompiledBert.Compiler.Graph;
using CompiledBert.Search.Graphs;
using CompiledBert.Search.Space;
using CompiledBert.Training.Data;
using CompiledBert.Training.Learning;
using CompiledBert.Training.Models;
using TorchSharp;
using static TorchSharp.torch;
using Tokenizer = CompiledBert.Text.Tokenizer;

namespace CompiledBert.Training.Tasks;

/// <summary>
/// A vector for each text, as near as can be to the teacher's and as wide: what was embedded by the teacher need not be embedded again. The head
/// is a product behind the pooling, which begins as the columns that a student keeps and learns the rest.
/// </summary>
/// <param name="head">What the files beside the teacher say of its vectors.</param>
internal sealed class EmbedTask(PlanHead head) : IModelTask
{
    // Cosines differ by hundredths where hidden states do by tenths.
    private const double Weight = 10;

    /// <inheritdoc/>
    public string Measure => "cosine";

    /// <inheritdoc/>
    public bool HasLabels => false;

    /// <inheritdoc/>
    public string Output => "sentence_embedding";

    /// <inheritdoc/>
    public string Architecture => "BertModel";

    /// <inheritdoc/>
    public IEnumerable<string> Phrases => new[] { head.Prefix, head.QueryPrefix, head.PassagePrefix }.OfType<string>();

    /// <summary>The task as the files beside a model say.</summary>
    /// <param name="modelPath">The model.</param>
    /// <param name="tokenizer">The folder of the tokenizer, where it is not the model's own.</param>
    /// <exception cref="CompileException">The files do not say how vectors are pooled, or say what cannot be trained.</exception>
    public static EmbedTask Of(string modelPath, string? tokenizer)
    {
        using var signature = CompilePipeline.Compile(
            new CompileOptions { ModelPath = modelPath, TokenizerFolder = tokenizer, SignatureOnly = true, Text = true, Head = "embed" });
        var head = signature.Plan.Head!;
        return head switch
        {
            { Dense.Count: > 0 } => throw DiagnosticTable.NotABert.Error(modelPath, null, "it has layers behind the pooling"),
            { Pooling: PoolingKind.None or PoolingKind.Cls or PoolingKind.Mean } => new EmbedTask(head),
            _ => throw DiagnosticTable.NotABert.Error(modelPath, null, "it pools neither the mean nor the first token"),
        };
    }

    /// <inheritdoc/>
    public LabelledTexts Read(string path, Tokenizer tokenizer, int maxTokens, IReadOnlyList<string>? labels) =>
        PlainTexts.Read(path, tokenizer, maxTokens, head.Prefix);

    /// <inheritdoc/>
    public (BertTask Task, Dictionary<string, TensorData> Weights) Begin(ReadBert read, int labels, int maxTokens, int seed)
    {
        var (task, weights) = Beginnings.AsItIs(read, maxTokens);
        if (read.Task.Outputs == 0)
        {
            var width = read.Shape.Width;
            weights[WeightNames.Classifier + ".weight"] = WeightMatrix.Identity(width).Data;
            weights[WeightNames.Classifier + ".bias"] = TensorData.FromFloats([width], new float[width]);
            task = task with { Outputs = width, Pooling = Pooling.None };
        }

        // What a product makes of every token can be made of what they are pooled to.
        return (task.Pooling == Pooling.None ? task with { Pooling = head.Pooling == PoolingKind.Cls ? Pooling.Cls : Pooling.Mean } : task, weights);
    }

    /// <inheritdoc/>
    public Tensor? LabelLoss(Batch batch, Tensor own) => null;

    /// <inheritdoc/>
    public Tensor Distance(Batch batch, Tensor teachers, Tensor own, TrainingRecipe recipe) => nn.functional.cosine_similarity(own, teachers, 1).OneMinus();

    /// <inheritdoc/>
    public double DistanceWeight(TrainingRecipe recipe) => Weight;

    /// <inheritdoc/>
    public ITally Tally() => new CosineTally();

    /// <inheritdoc/>
    public IEnumerable<(string Name, JsonNode Content)> Files(BertTask task)
    {
        static JsonObject Module(string number, string path, string type) => new()
        {
            ["idx"] = int.Parse(number, System.Globalization.CultureInfo.InvariantCulture),
            ["name"] = number,
            ["path"] = path,
            ["type"] = "sentence_transformers.models." + type,
        };
        var modules = new JsonArray(Module("0", "", "Transformer"), Module("1", "1_Pooling", "Pooling"));
        if (head.Normalizes)
        {
            modules.Add(Module("2", "2_Normalize", "Normalize"));
        }

        yield return ("modules.json", modules);
        yield return (Path.Combine("1_Pooling", "config.json"), new JsonObject
        {
            ["word_embedding_dimension"] = task.Outputs,
            ["pooling_mode_cls_token"] = task.Pooling == Pooling.Cls,
            ["pooling_mode_mean_tokens"] = task.Pooling == Pooling.Mean,
        });
        yield return ("sentence_bert_config.json", new JsonObject { ["max_seq_length"] = task.Positions, ["do_lower_case"] = false });
        var prompts = new[]
        {
            ("usual", head.Prefix.Length > 0 ? head.Prefix : null),
            ("query", head.QueryPrefix),
            ("document", head.PassagePrefix),
        }
        .Where(p => p.Item2 is not null)
        .ToList();
        if (prompts.Count > 0)
        {
            yield return ("config_sentence_transformers.json", new JsonObject
            {
                ["prompts"] = new JsonObject(prompts.Select(p => KeyValuePair.Create<string, JsonNode?>(p.Item1, p.Item2))),
                ["default_prompt_name"] = head.Prefix.Length > 0 ? "usual" : null,
            });
        }
    }
}
