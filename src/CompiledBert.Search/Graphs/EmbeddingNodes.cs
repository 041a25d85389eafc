using CompiledBert.Compiler;
using CompiledBert.Compiler.Graph;

namespace CompiledBert.Search.Graphs;

/// <summary>
/// The embeddings of a BERT, found in a canonical graph: a norm over the sum of a row for the token, one for its position and, maybe, one for its segment.
/// </summary>
internal sealed record EmbeddingNodes(Value Words, Value? Projection, Value Positions, Value? Segments, Node Norm)
{
    /// <summary>The embeddings that a value is; null where it is something else.</summary>
    public static EmbeddingNodes? Match(Value value)
    {
        if (value.Producer is not { Operator: LayerNorm } norm || norm.Inputs.Skip(1).Any(i => i is { IsConstant: false }))
        {
            return null;
        }

        var (words, projection, positions, segments) = ((Value?)null, (Value?)null, (Value?)null, (Value?)null);
        foreach (var part in Terms(norm.In(0)))
        {
            var (row, product) = part.Producer is { Operator: Linear, Inputs: [_, { IsConstant: true }] } linear
                ? (Walk.Rows(linear.In(0)), linear.In(1))
                : (part, null);
            switch (row.Producer)
            {
                case { Operator: Slice { Axis: 0 } } slice when slice.In(0).IsConstant && product is null:
                    positions = slice.In(0);
                    break;
                case { Operator: Gather { Axis: 0 } } gather when gather.In(0).IsConstant && IsInput(gather.In(1), "type") && product is null:
                    segments = gather.In(0);
                    break;
                case { Operator: Gather { Axis: 0 } } gather when gather.In(0).IsConstant && IsInput(gather.In(1), "ids"):
                    (words, projection) = (gather.In(0), product);
                    break;
                default:
                    return null;
            }
        }

        return words is null || positions is null ? null : new EmbeddingNodes(words, projection, positions, segments, norm);
    }

    private static IEnumerable<Value> Terms(Value sum) => Stripped(sum) is { Producer: { Operator: Binary { Kind: BinaryKind.Add } } add }
        ? Terms(add.In(0)).Concat(Terms(add.In(1)))
        : [Stripped(sum)];

    /// <summary>Axes of length 1 before a table's rows mean nothing.</summary>
    private static Value Stripped(Value value)
    {
        while (value.Producer is { Operator: Reshape } reshape)
        {
            value = reshape.In(0);
        }

        return value;
    }

    private static bool IsInput(Value indices, string part)
    {
        while (indices.Producer is { Operator: Cast or Reshape } node)
        {
            indices = node.In(0);
        }

        return indices.Producer is null && !indices.IsConstant && indices.Name.Contains(part, StringComparison.OrdinalIgnoreCase);
    }
}
