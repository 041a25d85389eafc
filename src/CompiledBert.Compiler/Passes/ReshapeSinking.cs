using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Passes;

/// <summary>
/// Reshapes move towards the outputs, past everything that does not care, until they meet their inverse.
/// <code>
/// Linear(Reshape(x, [B*T,K]))            → Reshape(Linear(x), [B*T,N])       x [B,T,K]; likewise LayerNorm, RmsNorm, Softmax over the last axis
/// f(Reshape(x), Reshape(y), constant)    → Reshape(f(x, y, constant))        f elementwise
/// Linear(Reshape(x, [B*T,H*D]))          → Reshape(Linear(Reshape(x, [B,T,H*D])), [B*T,N])     x [B,T,H,D]
/// Gather(table, Reshape(ids))            → Reshape(Gather(table, ids))
/// </code>
/// </summary>
public sealed class ReshapeSinking : RewritePass
{
    /// <inheritdoc/>
    protected override void Rewrite(Node node, Rewriter rewriter)
    {
        switch (node.Operator)
        {
            case var op when op.IsElementwise():
                for (var i = 0; i < node.Inputs.Count; i++)
                {
                    if (TryElementwise(node, node.In(i), rewriter))
                    {
                        return;
                    }
                }

                break;
            case Linear or LayerNorm or RmsNorm:
                SinkBelowRows(node, rewriter);
                break;
            case Softmax softmax when softmax.Axis == node.In(0).Shape.Rank - 1 && node.In(0).Is<Reshape>(out _, out var x)
                && x.Shape.Rank > 0 && x.Shape[-1] == node.In(0).Shape[-1]:
                Replace(node, rewriter.Add(node, new Softmax(x.Shape.Rank - 1), x), rewriter);
                break;
            case Gather { Axis: 0 } gather when node.In(1).Is<Reshape>(out _, out var ids):
                rewriter.Replace(node, rewriter.Reshaped(node, rewriter.Add(node, gather, node.In(0), ids), node.Output.Shape), node.In(1).Producer);
                break;
        }
    }

    private static void SinkBelowRows(Node node, Rewriter rewriter)
    {
        if (!node.In(0).Is<Reshape>(out var reshape, out var x) || x.Shape.Rank == 0)
        {
            return;
        }

        if (x.Shape[-1] == reshape.To[-1])
        {
            Replace(node, rewriter.Add(node, node.Operator, [x, .. node.Inputs.Skip(1)]), rewriter);
        }
        else if (AxisBlocks.Of(x.Shape, reshape.To) is { } blocks && blocks.Blocks[^1] is { ToCount: 1 } last && last.From > 0
            && blocks.Blocks.SkipLast(1).All(b => b.ToCount == 1) && blocks.Blocks.SkipLast(1).Any(b => b.FromCount > 1))
        {
            var rows = rewriter.Add(node, new Reshape(new Shape([.. x.Shape.Take(last.From), reshape.To[-1]])), x);
            Replace(node, rewriter.Add(node, node.Operator, [rows, .. node.Inputs.Skip(1)]), rewriter);
        }
    }

    private static void Replace(Node node, Value result, Rewriter rewriter) =>
        rewriter.Replace(node, rewriter.Reshaped(node, result, node.Output.Shape), node.In(0).Producer);

    private static bool TryElementwise(Node node, Value reshaped, Rewriter rewriter)
    {
        if (!reshaped.Is<Reshape>(out var reshape, out var x) || reshape.To != node.Output.Shape || AxisBlocks.Of(x.Shape, reshape.To) is not { } blocks)
        {
            return false;
        }

        var operands = new Value[node.Inputs.Count];
        for (var i = 0; i < operands.Length; i++)
        {
            if (Undo(node, node.In(i), x.Shape, reshape.To, blocks, rewriter) is not { } operand)
            {
                return false;
            }

            operands[i] = operand;
        }

        var result = rewriter.Add(node, node.Operator, operands);
        rewriter.Replace(node, rewriter.Reshaped(node, result, node.Output.Shape), node.Inputs.Select(i => i?.Producer).Where(p => p?.Operator is Reshape));
        return true;
    }

    /// <summary>What an operand is when the others are not reshaped; null where that would need a reshape of its own.</summary>
    private static Value? Undo(Node node, Value operand, Shape from, Shape to, AxisBlocks blocks, Rewriter rewriter)
    {
        if (operand.Is<Reshape>(out _, out var source) && operand.Shape == to && source.Shape == from)
        {
            return source;
        }

        if (UndoShape(operand.Shape, from, to, blocks) is not { } wanted)
        {
            return null;
        }

        return operand.IsConstant ? rewriter.Reshaped(node, operand, wanted)
            : operand.Is<Reshape>(out _, out source) && WithoutLeadingUnits(source.Shape) == wanted && source.Shape.Rank <= from.Rank ? source
            : operand.Shape.Rank <= from.Rank && WithoutLeadingUnits(operand.Shape) == wanted ? operand
            : null;
    }

    private static Shape? UndoShape(Shape operand, Shape from, Shape to, AxisBlocks blocks)
    {
        var padding = to.Rank - operand.Rank;
        var result = new List<Dim>();
        foreach (var block in blocks.Blocks)
        {
            var axes = Enumerable.Range(block.To, block.ToCount).ToArray();
            var dims = Array.ConvertAll(axes, axis => axis < padding ? Dim.One : operand[axis - padding]);
            if (axes.Zip(dims).All(p => p.Second == to[p.First]))
            {
                result.AddRange(from.Skip(block.From).Take(block.FromCount));
            }
            else if (Array.TrueForAll(dims, d => d.Is(1)))
            {
                result.AddRange(Enumerable.Repeat(Dim.One, block.FromCount));
            }
            else
            {
                return null;
            }
        }

        return WithoutLeadingUnits(new Shape(result));
    }

    private static Shape WithoutLeadingUnits(Shape shape) => new(shape.SkipWhile(d => d.Is(1)));
}
