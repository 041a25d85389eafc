using System.Text.Json.Nodes;
using CompiledBert.Compiler.Graph;
using CompiledBert.Search.Graphs;
using CompiledBert.Search.Space;
using CompiledBert.Training.Data;
using CompiledBert.Training.Learning;
using CompiledBert.Training.Models;
using static TorchSharp.torch;
using Tokenizer = CompiledBert.Text.Tokenizer;

namespace CompiledBert.Training.Tasks;

/// <summary>A label for each text.</summary>
/// <param name="pooling">What a new head reads.</param>
internal sealed class ClassifyTask(Pooling pooling) : IModelTask
{
    /// <inheritdoc/>
    public string Measure => "accuracy";

    /// <inheritdoc/>
    public bool HasLabels => true;

    /// <inheritdoc/>
    public string Output => "logits";

    /// <inheritdoc/>
    public string Architecture => "BertForSequenceClassification";

    /// <inheritdoc/>
    public LabelledTexts Read(string path, Tokenizer tokenizer, int maxTokens, IReadOnlyList<string>? labels) =>
        LabelledTexts.Read(path, tokenizer, maxTokens, labels);

    /// <inheritdoc/>
    public (BertTask Task, Dictionary<string, TensorData> Weights) Begin(ReadBert read, int labels, int maxTokens, int seed) =>
        read.Task.Outputs == labels && read.Task.Pooling != Pooling.None
            ? Beginnings.AsItIs(read, maxTokens)
            : Beginnings.WithNewHead(read, labels, maxTokens, pooling, seed);

    /// <inheritdoc/>
    public Tensor? LabelLoss(Batch batch, Tensor own) => SoftLabels.Wrong(own, batch.Labels);

    /// <inheritdoc/>
    public Tensor Distance(Batch batch, Tensor teachers, Tensor own, TrainingRecipe recipe) => SoftLabels.Divergence(teachers, own, recipe);

    /// <inheritdoc/>
    public double DistanceWeight(TrainingRecipe recipe) => recipe.Temperature * recipe.Temperature;

    /// <inheritdoc/>
    public ITally Tally() => new RightTally();

    /// <inheritdoc/>
    public IEnumerable<(string Name, JsonNode Content)> Files(BertTask task) => [];
}
