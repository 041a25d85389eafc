namespace CompiledBert.Compiler.Reports;

/// <summary>Arithmetic operations of steps: what is asked of any processor, whatever it takes for it.</summary>
internal static class StepWork
{
    /// <summary>A score's share of softmax: greatest, difference, exponential, sum.</summary>
    private const long OperationsOfScore = 4;

    /// <summary>Operations of one step; a multiply-add counts two, a function such as exp one.</summary>
    public static long Operations(Step step, Func<Symbol, long> lengthOf) => step switch
    {
        NestStep nest => Of(nest.Body, lengthOf),
        LinearStep linear => Of(linear, lengthOf),
        AttentionStep attention => Of(attention, lengthOf),
        MatMulStep product => product.BatchExtents.Aggregate(2L, (all, extent) => all * extent.Evaluate(lengthOf))
            * product.M.Evaluate(lengthOf) * product.N.Evaluate(lengthOf) * product.K.Evaluate(lengthOf),
        _ => throw new InvalidOperationException($"A {step.GetType().Name} is not known here."),
    };

    private static long Of(LinearStep step, Func<Symbol, long> lengthOf)
    {
        var rows = step.Rows.Evaluate(lengthOf);
        var scaling = step.Scales is null ? 0 : step.Scales.Bias is null ? 2 : 3;
        return (rows * step.N * ((2 * step.K) + Of(step.Tile, lengthOf) + (step.Bias is null ? 0 : 1) + scaling)) + Of(step.Row, lengthOf);
    }

    private static long Of(AttentionStep step, Func<Symbol, long> lengthOf)
    {
        var queries = step.Batch.Evaluate(lengthOf) * step.Heads * step.Queries.Evaluate(lengthOf);
        var ofScore = (2 * (step.HeadSize + step.ValueSize)) + Of(step.Score, lengthOf) + Of(step.Probability, lengthOf) + OperationsOfScore;
        return queries * ((step.Keys.Evaluate(lengthOf) * ofScore) + step.ValueSize);
    }

    private static long Of(IReadOnlyList<Statement> statements, Func<Symbol, long> lengthOf) => statements.Sum(s => s switch
    {
        Loop loop => loop.Extent.Evaluate(lengthOf) * Of(loop.Body, lengthOf),
        Let { Op: "fma" } => 2,
        Let { Op: "dim" or "index" or "identity" or "cast" } => 0,
        Let or Accumulate => 1,
        _ => 0L,
    });
}
