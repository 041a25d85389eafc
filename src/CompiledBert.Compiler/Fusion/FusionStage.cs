using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Fusion;

/// <summary>A graph as fused steps over buffers that have no place yet.</summary>
internal sealed record FusedModel(IReadOnlyList<Step> Steps, BufferTable Buffers, IReadOnlyList<IndexCheck> Checks);

/// <summary>
/// Turns a canonical graph into fused steps: matrix products with their epilogues, attention a head at a time, and nests for the rest.
/// </summary>
internal static class FusionStage
{
    public static FusedModel Run(ModelGraph graph)
    {
        Lowering.Run(graph, [.. FindAttention(graph).Values.DistinctBy(p => p.Softmax)]);
        GraphVerifier.Verify(graph, nameof(Lowering));

        // A value that turns out to need memory gets it, and fusion starts again: few do, and each only once.
        var forced = new HashSet<Value>();
        while (true)
        {
            try
            {
                return new StepWriter(graph, forced).Run();
            }
            catch (MaterializeException exception)
            {
                if (!forced.Add(exception.Value))
                {
                    var place = exception.Value.Producer is { Origins: [var origin, ..] } ? origin : exception.Value.Name;
                    throw DiagnosticTable.UnsupportedOperator.Error(
                        graph.File, place, exception.Value.Producer?.Operator.Name ?? "input", "canonical", " in this position");
                }
            }
        }
    }

    /// <summary>The attention patterns by each of their nodes.</summary>
    public static Dictionary<Node, AttentionPattern> FindAttention(ModelGraph graph) => graph.Nodes
        .Where(n => n.Operator is Softmax)
        .Select(n => AttentionPattern.Match(n, graph))
        .OfType<AttentionPattern>()
        .SelectMany(p => p.Inner.Select(n => (n, p)))
        .ToDictionary(pair => pair.n, pair => pair.p);
}
