using System.Globalization;
using CompiledBert.Compiler;
using CompiledBert.Compiler.Heads;
using CompiledBert.Search.Graphs;
using CompiledBert.Search.Space;
using CompiledBert.Training.Data;
using CompiledBert.Training.Tasks;
using Tokenizer = CompiledBert.Text.Tokenizer;

namespace CompiledBert.Training.Runs;

/// <summary>What a run works on: a model, texts, and a tenth of them that is held out to choose by.</summary>
/// <param name="Model">The model.</param>
/// <param name="Labels">The labels' names; none where there are no labels.</param>
/// <param name="Train">The texts to learn from.</param>
/// <param name="Held">The others.</param>
/// <param name="TokenizerFolder">Where the tokenizer's files are.</param>
/// <param name="Tokenizer">The tokenizer.</param>
/// <param name="HeldBy">The texts held out as another tokenizer cuts them.</param>
/// <param name="Task">What it is for.</param>
internal sealed record Material(
    ReadBert Model, IReadOnlyList<string> Labels, IReadOnlyList<Example> Train, IReadOnlyList<Example> Held,
    string TokenizerFolder, Tokenizer Tokenizer, Func<Tokenizer, IReadOnlyList<Example>> HeldBy, IModelTask Task)
{
    private const int Tenth = 10;

    /// <summary>Reads all that a run works on.</summary>
    /// <param name="kind">What the model is for.</param>
    /// <param name="pooling">What a new head for labels of texts reads.</param>
    /// <param name="modelPath">The model.</param>
    /// <param name="tokenizer">The tokenizer's file or folder; null for the model's own.</param>
    /// <param name="trainPath">The texts.</param>
    /// <param name="maxTokens">The most tokens of a text.</param>
    /// <param name="keepsLabels">Whether the texts may have no labels that the model does not tell.</param>
    /// <exception cref="CompileException">A file is missing or is not what it should be.</exception>
    public static Material Read(TaskKind kind, Pooling pooling, string modelPath, string? tokenizer, string trainPath, int maxTokens, bool keepsLabels)
    {
        var model = BertReader.Read(modelPath);
        var folder = FolderOf(modelPath, tokenizer);
        var task = ModelTasks.Of(kind, modelPath, folder, pooling);
        var reader = FolderTokenizer.Read(modelPath, folder)
            ?? throw DiagnosticTable.UnsupportedText.Error(modelPath, null, "there is no tokenizer.json and no vocab.txt beside the model", "--tokenizer");
        if (reader.VocabularySize > model.Shape.Vocabulary)
        {
            throw DiagnosticTable.IdsBeyondTable.Error(modelPath, null, reader.VocabularySize - 1, model.Shape.Vocabulary);
        }

        var names = task.HasLabels && model.Task.Outputs > 0 ? ConfigLabels.Of(modelPath, model.Task.Outputs) : null;
        var most = Math.Min(maxTokens, model.Task.Positions);
        var texts = task.Read(trainPath, reader, most, null);
        if (names is not null
            && (keepsLabels
                || texts.Labels.All(l => names.Contains(l)
                    || (int.TryParse(l, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number < names.Count))))
        {
            texts = task.Read(trainPath, reader, most, names);
        }

        var (train, held) = LabelledTexts.Split(texts.Examples, Tenth);
        return train.Count == 0
            ? throw DiagnosticTable.TrainingData.Error(trainPath, null, 2, "one row is too few")
            : new Material(
                model, texts.Labels, train, held, folder, reader,
                HeldBy, task.Of(texts.Labels));

        IReadOnlyList<Example> HeldBy(Tokenizer other)
        {
            var again = task.Read(trainPath, other, most, texts.Labels).Examples;
            return again.Select(e => e.Label).SequenceEqual(texts.Examples.Select(e => e.Label))
                ? LabelledTexts.Split(again, Tenth).Held
                : throw DiagnosticTable.RunFolder.Error(trainPath, null, "the texts have changed since it began");
        }
    }

    /// <summary>A tokenizer may be named by its folder or by a file in it.</summary>
    private static string FolderOf(string modelPath, string? tokenizer)
    {
        var own = Path.GetDirectoryName(Path.GetFullPath(modelPath))!;
        return tokenizer is null ? own : Directory.Exists(tokenizer) ? Path.GetFullPath(tokenizer) : Path.GetDirectoryName(Path.GetFullPath(tokenizer))!;
    }
}
