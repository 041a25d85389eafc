using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Reports;

/// <summary>What a model's nodes would write, each by itself.</summary>
internal static class Intermediates
{
    /// <summary>
    /// Bytes of all results between nodes, as the importer brought them in; those of views, which move nothing, are left out, and so are the model's outputs.
    /// </summary>
    public static Dim BytesOf(ModelGraph graph)
    {
        // Summed by type of shape first: a polynomial is added once a kind, not once a node.
        var kinds = new Dictionary<Dim, long>();
        foreach (var value in graph.Nodes.Where(n => n.Operator is not Reshape).SelectMany(n => n.Outputs).Where(v => !v.IsConstant && !graph.IsOutput(v)))
        {
            var elements = value.Shape.Elements;
            kinds[elements] = kinds.GetValueOrDefault(elements) + (value.Type.BitsOf() / 8);
        }

        return kinds.Aggregate(Dim.Zero, (sum, kind) => sum + (kind.Key * Dim.Of(kind.Value)));
    }
}
