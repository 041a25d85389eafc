using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Passes;

/// <summary>
/// Broadcasts happen as late as possible, so that masks and tables are computed at their smallest shape, and vanish in operators that broadcast by themselves.
/// <code>
/// f(Expand(x), y)              → f(x, y)                    where y has the shape anyway
/// f(Expand(x))                 → Expand(f(x))               f elementwise; Softmax, norms and Linear where their axis is whole
/// Transpose, Reshape of units, Slice, Gather of Expand      → Expand of them
/// MatMul(Expand(x), y)         → MatMul(x, y)               over leading axes that y has
/// </code>
/// </summary>
public sealed class ExpandSinking : RewritePass
{
    /// <inheritdoc/>
    protected override void Rewrite(Node node, Rewriter rewriter)
    {
        if (node.Outputs.Count != 1 || !node.Inputs.Any(i => i is not null && i.Is<Expand>(out _, out _)))
        {
            return;
        }

        switch (node.Operator)
        {
            case var op when op.IsElementwise():
                Sink(node, op, [.. node.Inputs.Select(i => Unexpanded(i!))], rewriter);
                break;
            case Transpose transpose when Source(node) is { } x:
                x = WithRank(node, x, node.In(0).Shape.Rank, rewriter);
                Sink(node, transpose, [x], rewriter);
                break;
            case Reshape when Source(node) is { } x:
                SinkReshape(node, x, rewriter);
                break;
            case Slice slice when Source(node) is { } x:
                x = WithRank(node, x, node.In(0).Shape.Rank, rewriter);
                Sink(node, slice, [x], rewriter, skip: x.Shape[slice.Axis] != node.In(0).Shape[slice.Axis]);
                break;
            case Softmax softmax when Source(node) is { } x:
                x = WithRank(node, x, node.In(0).Shape.Rank, rewriter);
                SinkWhole(node, softmax.Axis, x, rewriter);
                break;
            case LayerNorm or RmsNorm or Linear when Source(node) is { } x && x.Shape.Rank > 0:
                SinkWhole(node, x.Shape.Rank - 1, x, rewriter, node.In(0).Shape.Rank - 1);
                break;
            case Gather gather when node.In(1).Is<Expand>(out _, out var indices) && gather.Axis == 0:
                var picked = rewriter.Add(node, gather, node.In(0), WithRank(node, indices, node.In(1).Shape.Rank, rewriter));
                rewriter.Replace(node, rewriter.Expanded(node, picked, node.Output.Shape), node.In(1).Producer);
                break;
            case MatMul:
                SinkProduct(node, rewriter);
                break;
        }
    }

    private static Value Unexpanded(Value value) => value.Is<Expand>(out _, out var x) ? x : value;

    private static Value? Source(Node node) => node.In(0).Is<Expand>(out _, out var x) ? x : null;

    private static Value WithRank(Node node, Value x, int rank, Rewriter rewriter) =>
        rewriter.Reshaped(node, x, new Shape([.. Enumerable.Repeat(Dim.One, rank - x.Shape.Rank), .. x.Shape]));

    private static void Sink(Node node, Operator op, Value[] operands, Rewriter rewriter, bool skip = false)
    {
        if (!skip)
        {
            var result = rewriter.Add(node, op, operands);
            rewriter.Replace(node, rewriter.Expanded(node, result, node.Output.Shape), node.Inputs.Select(i => i?.Producer).Where(p => p?.Operator is Expand));
        }
        else if (op is Slice slice && operands[0].Shape[slice.Axis].Is(1))
        {
            // All elements along the axis are the same one.
            rewriter.Replace(node, rewriter.Expanded(node, operands[0], node.Output.Shape), node.In(0).Producer);
        }
    }

    private static void SinkWhole(Node node, int axis, Value x, Rewriter rewriter, int? axisBefore = null)
    {
        if (x.Shape[axis] == node.In(0).Shape[axisBefore ?? axis])
        {
            var result = rewriter.Add(node, node.Operator, [x, .. node.Inputs.Skip(1)]);
            rewriter.Replace(node, rewriter.Expanded(node, result, node.Output.Shape), node.In(0).Producer);
        }
    }

    private static void SinkReshape(Node node, Value x, Rewriter rewriter)
    {
        // Each run of axes must be broadcast as a whole or not at all; a run that is broadcast is of length 1 before.
        var wide = node.In(0).Shape;
        if (AxisBlocks.Of(wide, node.Output.Shape) is not { } blocks)
        {
            return;
        }

        var padding = wide.Rank - x.Shape.Rank;
        var before = new List<Dim>();
        foreach (var block in blocks.Blocks)
        {
            var narrow = Enumerable.Range(block.From, block.FromCount).Select(i => i < padding ? Dim.One : x.Shape[i - padding]).ToArray();
            var whole = wide.Skip(block.From).Take(block.FromCount).ToArray();
            if (narrow.SequenceEqual(whole))
            {
                before.AddRange(node.Output.Shape.Skip(block.To).Take(block.ToCount));
            }
            else if (Array.TrueForAll(narrow, d => d.Is(1)))
            {
                before.AddRange(Enumerable.Repeat(Dim.One, block.ToCount));
            }
            else if (block.ToCount > 1 && UnitsAside(narrow, whole, [.. node.Output.Shape.Skip(block.To).Take(block.ToCount)]) is { } parts)
            {
                before.AddRange(parts);
            }
            else
            {
                return;
            }
        }

        var result = rewriter.Reshaped(node, x, new Shape(before));
        rewriter.Replace(node, rewriter.Expanded(node, result, node.Output.Shape), node.In(0).Producer);
    }

    /// <summary>The narrow lengths where a run differs by axes of length 1 only.</summary>
    private static Dim[]? UnitsAside(Dim[] narrow, Dim[] whole, Dim[] result)
    {
        var rest = new Queue<Dim>(narrow.Where((_, i) => !whole[i].Is(1)));
        return result.Where(d => !d.Is(1)).SequenceEqual(whole.Where(d => !d.Is(1))) ? Array.ConvertAll(result, d => d.Is(1) ? d : rest.Dequeue()) : null;
    }

    private static void SinkProduct(Node node, Rewriter rewriter)
    {
        var operands = node.Inputs.Select(i => i!).ToArray();
        for (var i = 0; i < 2; i++)
        {
            if (operands[i].Is<Expand>(out _, out var x) && x.Shape.Rank >= 2 && x.Shape[-1] == operands[i].Shape[-1] && x.Shape[-2] == operands[i].Shape[-2])
            {
                operands[i] = x;
            }
        }

        if (operands.SequenceEqual(node.Inputs))
        {
            return;
        }

        var result = rewriter.Add(node, new MatMul(), operands);
        rewriter.Replace(node, rewriter.Expanded(node, result, node.Output.Shape), node.Inputs.Select(i => i?.Producer).Where(p => p?.Operator is Expand));
    }
}
