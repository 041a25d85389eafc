using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Passes;

/// <summary>
/// Removes what gives its operand back.
/// <code>
/// Identity(x), Cast(x → its own type), Reshape(x → its own shape), Expand likewise,
/// Transpose(x, 0 1 2 …), Slice of a whole axis, Concat of one, Pad by nothing,
/// Reduce over axes of length 1                                                    → x
/// Cast(Cast(x → wider) → y)                                                       → Cast(x → y)
/// Cast(Cast(x → 8 or 16 bits) → float), x whole numbers that fit, moved between   → x, moved
/// </code>
/// </summary>
public sealed class NoOpRemoval : RewritePass
{
    /// <inheritdoc/>
    protected override void Rewrite(Node node, Rewriter rewriter)
    {
        if (node.Outputs.Count != 1 || node.Inputs.Count == 0 || node.Inputs[0] is not { } x)
        {
            return;
        }

        var same = node.Operator switch
        {
            Unary { Kind: UnaryKind.Identity } => true,
            Unary { Kind: UnaryKind.Floor or UnaryKind.Ceil or UnaryKind.Round } => x.Type.IsInteger(),
            Cast cast => cast.To == x.Type,
            Reshape reshape => reshape.To == x.Shape,
            Expand expand => expand.To == x.Shape,
            Transpose transpose => transpose.Permutation.AsSpan().SequenceEqual(Enumerable.Range(0, x.Shape.Rank).ToArray()),
            Slice { Step: 1 } slice => slice.Start.Is(0) && slice.Length == x.Shape[slice.Axis],
            Concat => node.Inputs.Count == 1,
            Pad pad => pad.Before.Concat(pad.After).All(d => d.Is(0)),
            Reduce reduce => Array.TrueForAll(reduce.Axes, axis => x.Shape[axis].Is(1)),
            CumSum { Exclusive: false } sum => x.Shape[sum.Axis].Is(1),
            _ => false,
        };
        if (same && x.Type == node.Output.Type)
        {
            rewriter.Replace(node, x);
        }
        else if (node.Operator is Cast outer && x.Is<Cast>(out var inner, out var source) && KeepsValues(source.Type, inner.To))
        {
            rewriter.Replace(node, source.Type == outer.To ? source : rewriter.Add(node, outer, source), x.Producer);
        }
        else if (node.Operator is Cast { To: DataType.Float32 } && BeforeCast(x, node, rewriter) is { } before)
        {
            rewriter.Replace(node, before);
        }
        else if (node.Operator is Concat concat && node.Inputs.Any(i => i!.Shape[concat.Axis].Is(0)) && node.Inputs.Any(i => !i!.Shape[concat.Axis].Is(0)))
        {
            rewriter.Replace(node, rewriter.Add(node, concat, [.. node.Inputs.Where(i => !i!.Shape[concat.Axis].Is(0))]));
        }
    }

    /// <summary>What was converted to a value without loss, moved as that was; null where something may be lost.</summary>
    private static Value? BeforeCast(Value value, Node node, Rewriter rewriter) => value.Producer switch
    {
        { Operator: Cast cast } producer => producer.In(0) is { Type: DataType.Float32 } source && WholeNumbers.Fit(source, cast.To) ? source : null,
        { } move when move.Operator.IsMove() => BeforeCast(move.In(0), node, rewriter) is { } source ? rewriter.Add(node, move.Operator, source) : null,
        _ => null,
    };

    /// <summary>Whether every value of a type has its equal in another. Arithmetic on floating point is in 32 bits whatever it is called.</summary>
    private static bool KeepsValues(DataType from, DataType to) =>
        from == DataType.Bool
        || (from.IsFloat() && to.IsFloat())
        || (from.IsInteger() && to.IsInteger() && IsSigned(to) && from.BitsOf() < to.BitsOf());

    private static bool IsSigned(DataType type) => type is DataType.Int8 or DataType.Int16 or DataType.Int32 or DataType.Int64;
}
