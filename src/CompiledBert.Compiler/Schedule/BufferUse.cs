namespace CompiledBert.Compiler.Schedule;

/// <summary>Which buffers a step touches.</summary>
internal static class BufferUse
{
    /// <summary>Ids of all buffers that a step reads or writes.</summary>
    public static IEnumerable<string> Of(Step step) => (step switch
    {
        NestStep nest => Of(nest.Body),
        LinearStep linear => Of(linear.Tile.Concat(linear.Row))
            .Concat(new[] { linear.X.Buffer, linear.Y.Buffer, linear.Weights, linear.Bias, linear.Shift }.OfType<string>())
            .Concat(new[] { linear.Scales?.Rows, linear.Scales?.Columns, linear.Scales?.Bias }.OfType<string>()),
        AttentionStep attention => Of(attention.Score.Concat(attention.Probability))
            .Concat([attention.Q.Buffer, attention.K.Buffer, attention.V.Buffer, attention.Y.Buffer]),
        MatMulStep product => [product.A.Buffer, product.B.Buffer, product.Y.Buffer],
        _ => throw new InvalidOperationException($"A {step.GetType().Name} is not known here."),
    }).Distinct();

    private static IEnumerable<string> Of(IEnumerable<Statement> statements) => Programs.Flatten(statements).Select(s => s switch
    {
        Load load => load.From.Buffer,
        Store store => store.To.Buffer,
        _ => null,
    }).OfType<string>();
}
