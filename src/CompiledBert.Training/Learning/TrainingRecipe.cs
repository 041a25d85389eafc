namespace CompiledBert.Training.Learning;

/// <summary>How a model is trained.</summary>
public sealed record TrainingRecipe
{
    /// <summary>How often all examples are seen.</summary>
    public double Epochs { get; init; } = 2;

    /// <summary>Examples of a step.</summary>
    public int BatchSize { get; init; } = 64;

    /// <summary>The highest learning rate: it rises to that in the first tenth and falls to 0 then.</summary>
    public double Rate { get; init; } = 1e-4;

    /// <summary>AdamW's decay of matrices.</summary>
    public double Decay { get; init; } = 0.01;

    /// <summary>
    /// The share of elements that are left out by chance in every step, of the embeddings, of what queries look at, of what a block adds and of
    /// what the head reads.
    /// </summary>
    public double Dropout { get; init; }

    /// <summary>The seed of everything that is by chance.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>With a teacher: what its logits and the student's are divided by.</summary>
    public double Temperature { get; init; } = 2;

    /// <summary>With a teacher: the weight of the label itself beside the teacher's opinion.</summary>
    public double LabelWeight { get; init; } = 0.1;

    /// <summary>With a teacher: the weight of the distance between hidden states.</summary>
    public double HiddenWeight { get; init; } = 1;

    /// <summary>With a teacher: the weight of the distance between what heads look at and what the teacher's heads do that they came from.</summary>
    public double AttentionWeight { get; init; } = 1;

    /// <summary>With a teacher: the share of steps in which the embeddings of two texts are mixed (after MixKD, Liang et al. 2021).</summary>
    public double Blended { get; init; }

    /// <summary>With a teacher: how many texts are made of each one, for the teacher to label.</summary>
    public int Variants { get; init; }

    /// <summary>
    /// Whether products are of bfloat16 while it is trained: twice as fast where the processor multiplies those. The bits differ from those without.
    /// </summary>
    public bool Mixed { get; init; }

    /// <summary>The learning rate of a step.</summary>
    public double RateAt(int step, int steps)
    {
        var warm = Math.Max(1, steps / 10);
        return step < warm ? Rate * (step + 1) / warm : Rate * (steps - step) / Math.Max(1, steps - warm);
    }
}
