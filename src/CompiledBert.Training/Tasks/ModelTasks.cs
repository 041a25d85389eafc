using CompiledBert.Search.Space;

namespace CompiledBert.Training.Tasks;

/// <summary>The tasks by their kinds.</summary>
internal static class ModelTasks
{
    /// <summary>A task of a kind for a model.</summary>
    /// <param name="kind">What the model is for.</param>
    /// <param name="modelPath">The model that is begun with, or the teacher.</param>
    /// <param name="tokenizer">The folder of the tokenizer, where it is not the model's own.</param>
    /// <param name="pooling">What the new head of a classifier reads.</param>
    public static IModelTask Of(TaskKind kind, string modelPath, string? tokenizer, Pooling pooling = Pooling.Cls) => kind switch
    {
        TaskKind.Tag => new TagTask([]),
        TaskKind.Embed => EmbedTask.Of(modelPath, tokenizer),
        _ => new ClassifyTask(pooling),
    };
}
