using System.Globalization;
using CompiledBert.Compiler;

namespace CompiledBert.Cli.Inspection;

/// <summary>What a step is, for people.</summary>
internal static class StepText
{
    /// <summary>linear, attention, matmul or nest.</summary>
    public static string KindOf(Step step) => step switch
    {
        LinearStep => "linear",
        AttentionStep => "attention",
        MatMulStep => "matmul",
        _ => "nest",
    };

    /// <summary>The sizes that decide what it costs; empty for a nest.</summary>
    public static string ShapeOf(Step step) => step switch
    {
        LinearStep linear => string.Create(CultureInfo.InvariantCulture, $"[{linear.Rows}, {linear.K}] x [{linear.K}, {linear.N}]"),
        AttentionStep attention => string.Create(
            CultureInfo.InvariantCulture, $"{attention.Heads} heads of {attention.HeadSize}, {attention.Queries} queries, {attention.Keys} keys"),
        MatMulStep matmul => $"[{matmul.M}, {matmul.K}] x [{matmul.K}, {matmul.N}]",
        _ => "",
    };
}
