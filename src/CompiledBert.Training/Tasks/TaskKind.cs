namespace CompiledBert.Training.Tasks;

/// <summary>What a model is for.</summary>
public enum TaskKind
{
    /// <summary>A label for each text.</summary>
    Classify,

    /// <summary>A label for each word.</summary>
    Tag,

    /// <summary>A vector for each text.</summary>
    Embed,
}
