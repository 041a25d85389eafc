using CompiledBert.Compiler;
using CompiledBert.Compiler.Targets;
using CompiledBert.Search.Costs;
using CompiledBert.Search.Space;

namespace CompiledBert.Search.Tests;

/// <summary>Shapes, tasks and spaces that several tests use.</summary>
internal static class Shapes
{
    public static BertTask Task { get; } = new() { Outputs = 2, Positions = 128 };

    /// <summary>The shape of all-MiniLM-L6-v2.</summary>
    public static BertShape MiniLm { get; } = new()
    {
        Vocabulary = 30_522, Embedding = 384, Width = 384, Layers = [.. Enumerable.Repeat(new LayerShape(12, 32, 1536), 6)],
    };

    public static BertShape Tiny { get; } = new()
    {
        Vocabulary = 90, Embedding = 24, Width = 24, Layers = [new LayerShape(3, 8, 40), new LayerShape(2, 8, 33)],
    };

    public static SearchSpace Space { get; } = SearchSpace.Below(MiniLm);

    public static CandidateCosts Costs(Precision precision, string? latency = null, string? size = null, string? memory = null) =>
        new(Task, precision, Limit.Parse(latency, size, memory, ["cortex-a76"], Task.Positions, "test"), (KnownCores.NeoverseN1, 64));
}
