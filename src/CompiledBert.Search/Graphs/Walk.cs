using CompiledBert.Compiler;
using CompiledBert.Compiler.Graph;
using CompiledBert.Search.Space;

namespace CompiledBert.Search.Graphs;

/// <summary>Ways backwards through a canonical graph.</summary>
internal static class Walk
{
    /// <summary>What a value's rows are rows of: reshapes, and choices of some rows, are looked through.</summary>
    public static Value Rows(Value value)
    {
        while (value.Producer is { } node && (node.Operator is Reshape || IsChoiceOfRows(node)))
        {
            value = node.In(0);
        }

        return value;
    }

    /// <summary>How a vector was made of a sequence, and the sequence.</summary>
    public static (Pooling Pooling, Value Sequence)? Pooled(Value value)
    {
        while (value.Producer is { Operator: Reshape } reshape)
        {
            value = reshape.In(0);
        }

        if (value.Producer is { Operator: Binary { Kind: BinaryKind.Div or BinaryKind.Mul } } mean
            && Walk.Rows(mean.In(0)).Producer is { Operator: Reduce { Kind: ReduceKind.Sum } } sum)
        {
            var kept = sum.In(0).Producer is { Operator: Binary { Kind: BinaryKind.Mul } } product ? product : null;
            var hidden = kept?.Inputs.OfType<Value>().FirstOrDefault(i => Rows(i).Producer?.Operator is LayerNorm);
            return hidden is null ? null : (Pooling.Mean, hidden);
        }

        // The choice of the first row may have been moved in front of the last layer's products.
        return Rows(value).Producer?.Operator is LayerNorm ? (Pooling.Cls, value) : null;
    }

    private static bool IsChoiceOfRows(Node node) => node.Operator switch
    {
        Slice slice => slice.Axis != node.In(0).Shape.Rank - 1 && node.In(0).Producer is not null,
        Gather gather => gather.Axis == 1 && node.In(1).IsConstant,
        _ => false,
    };
}
