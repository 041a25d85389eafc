namespace CompiledBert.Compiler.Quantization;

/// <summary>
/// Brings attention to 8 bits: Q·Kᵀ and P·V of integers. Probabilities are rounded up or down by thresholds that differ from key to key, as to the
/// nearest a row that looks at one key loses the sum of all the others.
/// </summary>
/// <remarks>
/// Mean cosine between embeddings of all-MiniLM-L6-v2 in integers and in floats: of STS-B's sentences 0.99847 with probabilities of 12
/// bits, 0.99846 with these; of texts of 256 and 512 tokens 0.99774 and 0.99760 with 12 bits, 0.99751 and 0.99744 with these, 0.99569 and
/// 0.99343 with bytes rounded to the nearest.
/// </remarks>
internal static class IntegerAttention
{
    /// <summary>The step with integers where it can be; itself elsewhere.</summary>
    public static Step Of(Step step) =>
        step is AttentionStep { IsInteger: false, Probability.Count: 0 } attention
        && !(attention.Keys.IsConstant && attention.Keys.Value > AttentionStep.MostIntegerKeys)
            ? attention with { IsInteger = true, Title = attention.Title + " int8" }
            : step;
}
