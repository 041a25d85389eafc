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

/// <summary>A label for each word, told from its first token. The other tokens have none: they learn from the teacher alone.</summary>
/// <param name="labels">The labels' names, which say what an entity is; none while they are not known.</param>
internal sealed class TagTask(IReadOnlyList<string> labels) : IModelTask
{
    /// <inheritdoc/>
    public string Measure => "F1";

    /// <inheritdoc/>
    public bool HasLabels => true;

    /// <inheritdoc/>
    public string Output => "logits";

    /// <inheritdoc/>
    public string Architecture => "BertForTokenClassification";

    /// <inheritdoc/>
    public LabelledTexts Read(string path, Tokenizer tokenizer, int maxTokens, IReadOnlyList<string>? known) =>
        TaggedTexts.Read(path, tokenizer, maxTokens, known);

    /// <inheritdoc/>
    public IModelTask Of(IReadOnlyList<string> known) => new TagTask(known);

    /// <inheritdoc/>
    public (BertTask Task, Dictionary<string, TensorData> Weights) Begin(ReadBert read, int count, int maxTokens, int seed) =>
        read.Task.Outputs == count && read.Task.Pooling == Pooling.None
            ? Beginnings.AsItIs(read, maxTokens)
            : Beginnings.WithNewHead(read, count, maxTokens, Pooling.None, seed);

    /// <inheritdoc/>
    public Tensor? LabelLoss(Batch batch, Tensor own) => SoftLabels.Wrong(own.flatten(0, 1), batch.Tags.flatten());

    /// <inheritdoc/>
    public Tensor Distance(Batch batch, Tensor teachers, Tensor own, TrainingRecipe recipe) =>
        (SoftLabels.Divergence(teachers, own, recipe) * batch.Mask).sum(1) / batch.Mask.sum(1);

    /// <inheritdoc/>
    public double DistanceWeight(TrainingRecipe recipe) => recipe.Temperature * recipe.Temperature;

    /// <inheritdoc/>
    public ITally Tally() => new EntityTally(labels);

    /// <inheritdoc/>
    public IEnumerable<(string Name, JsonNode Content)> Files(BertTask task) => [];
}
