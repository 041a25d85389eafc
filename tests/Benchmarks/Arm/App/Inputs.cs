namespace CompiledBert.Benchmarks;

/// <summary>One call of the model, with or without type ids among its inputs: which one there is, the compiler finds by the overload that fits.</summary>
internal static class Inputs
{
    public delegate void WithTypes(
        ReadOnlySpan<long> ids, ReadOnlySpan<long> mask, ReadOnlySpan<long> types, Span<float> output, CancellationToken cancellation);

    public delegate void WithoutTypes(ReadOnlySpan<long> ids, ReadOnlySpan<long> mask, Span<float> output, CancellationToken cancellation);

    public static WithTypes Of(WithTypes run) => run;

    public static WithTypes Of(WithoutTypes run) => (ids, mask, _, output, cancellation) => run(ids, mask, output, cancellation);
}
