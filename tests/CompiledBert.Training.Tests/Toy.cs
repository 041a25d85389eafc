using CompiledBert.Search.Space;
using CompiledBert.Training.Data;
using CompiledBert.Training.Learning;
using CompiledBert.Training.Tasks;

namespace CompiledBert.Training.Tests;

/// <summary>A small model and a task that it can learn: whether a text has more tokens from one half of the vocabulary than from the other.</summary>
internal static class Toy
{
    public const int Vocabulary = 60;

    public static BertTask Task { get; } = new() { Outputs = 2, Positions = 16 };

    /// <summary>A classifier of texts with its tokenizer, small enough for the repository.</summary>
    public static string MovieMood => Path.Combine(RepositoryFiles.Root, "samples", "MovieMood", "model", "sentiment.onnx");

    public static IModelTask Purpose { get; } = new ClassifyTask(Pooling.Cls);

    public static BertShape Shape { get; } =
        new() { Vocabulary = Vocabulary, Embedding = 32, Width = 32, Layers = [.. Enumerable.Repeat(new LayerShape(4, 8, 64), 4)] };

    public static TrainingRecipe Recipe { get; } = new() { BatchSize = 16, Rate = 2e-3, Seed = 3 };

    public static IReadOnlyList<Example> Examples(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            int[] ids = [1, .. Enumerable.Range(0, random.Next(3, 12)).Select(_ => random.Next(4, Vocabulary)), 2];
            return new Example(ids, new byte[ids.Length], ids.Count(i => i >= Vocabulary / 2) * 2 > ids.Length ? 1 : 0);
        })];
    }
}
