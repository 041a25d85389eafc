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

/// <summary>What a model is for: what its texts look like, what its head is, how it is taught and judged, and what is written beside it.</summary>
internal interface IModelTask
{
    /// <summary>What people are told of a model's worth: <c>accuracy</c>.</summary>
    string Measure { get; }

    /// <summary>Whether texts come with labels, which a teacher has to know.</summary>
    bool HasLabels { get; }

    /// <summary>The output's name.</summary>
    string Output { get; }

    /// <summary>The model's class in config.json.</summary>
    string Architecture { get; }

    /// <summary>Reads a file of texts.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="maxTokens">The most tokens of a text, special ones included.</param>
    /// <param name="labels">The labels that are known already; null to take those of the file.</param>
    LabelledTexts Read(string path, Tokenizer tokenizer, int maxTokens, IReadOnlyList<string>? labels);

    /// <summary>What stands before texts in use, and not in every text that is learned from.</summary>
    IEnumerable<string> Phrases => [];

    /// <summary>The task once its labels are known.</summary>
    /// <param name="labels">The labels' names.</param>
    IModelTask Of(IReadOnlyList<string> labels) => this;

    /// <summary>An encoder with the head of this task, and no more positions than are needed. The head that it has stays where it fits.</summary>
    /// <param name="read">The encoder.</param>
    /// <param name="labels">How many labels there are.</param>
    /// <param name="maxTokens">The most tokens of a text.</param>
    /// <param name="seed">The seed of a new head.</param>
    (BertTask Task, Dictionary<string, TensorData> Weights) Begin(ReadBert read, int labels, int maxTokens, int seed);

    /// <summary>How wrong results are by the labels; null for a task without.</summary>
    /// <param name="batch">The texts.</param>
    /// <param name="own">The model's results.</param>
    Tensor? LabelLoss(Batch batch, Tensor own);

    /// <summary>How far a model's results are from its teacher's, for every text of a batch [B]; 0 where they are the same.</summary>
    /// <param name="batch">The texts.</param>
    /// <param name="teachers">The teacher's results.</param>
    /// <param name="own">The model's results.</param>
    /// <param name="recipe">How the model is trained.</param>
    Tensor Distance(Batch batch, Tensor teachers, Tensor own, TrainingRecipe recipe);

    /// <summary>What that distance counts in training.</summary>
    double DistanceWeight(TrainingRecipe recipe);

    /// <summary>Begins to count what <see cref="Measure"/> names.</summary>
    ITally Tally();

    /// <summary>Files beside a model, besides config.json and those of its tokenizer.</summary>
    /// <param name="task">The model's head.</param>
    IEnumerable<(string Name, JsonNode Content)> Files(BertTask task);
}
