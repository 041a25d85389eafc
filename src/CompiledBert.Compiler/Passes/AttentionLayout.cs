using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Passes;

/// <summary>
/// Heads get an axis of their own: batched products of three axes become products of four, and reshapes that merge axes sink below transposes
/// while reshapes that split axes rise above them, until they meet.
/// <code>
/// Transpose(Reshape(x, [B*H,T,D]))                         → Reshape(Transpose(x), …)       x [B,H,T,D]
/// Reshape(Transpose(x), axes split)                        → Transpose(Reshape(x))
/// Reshape(Transpose(x), axes of one dropped)               → Transpose(Reshape(x))
/// MatMul(Reshape(a, [B*H,M,K]), b)                         → Reshape(MatMul(a, Reshape(b, [B,H,K,N])), [B*H,M,N])
/// </code>
/// What remains of attention: q = Transpose(Reshape(·, [B,T,H,D]), 0 2 1 3), kᵀ = Transpose(Reshape(·), 0 2 3 1), v like q.
/// </summary>
public sealed class AttentionLayout : RewritePass
{
    /// <inheritdoc/>
    protected override void Rewrite(Node node, Rewriter rewriter)
    {
        switch (node.Operator)
        {
            case Transpose transpose when node.In(0).Is<Reshape>(out var merge, out var x)
                && AxisBlocks.Of(x.Shape, merge.To) is { OnlyMerges: true } blocks && !DropsOnlyUnits(x.Shape, blocks):
                var permutation = transpose.Permutation.SelectMany(axis => Enumerable.Range(blocks.Blocks[axis].From, blocks.Blocks[axis].FromCount));
                var moved = rewriter.Add(node, new Transpose([.. permutation]), x);
                rewriter.Replace(node, rewriter.Reshaped(node, moved, node.Output.Shape), node.In(0).Producer);
                break;
            case Reshape split when node.In(0).Is<Transpose>(out var transpose, out var x) && rewriter.HasOneUse(node.In(0))
                && AxisBlocks.Of(node.In(0).Shape, split.To) is { OnlySplits: true } blocks:
                RaiseSplit(node, x, transpose.Permutation, blocks, rewriter);
                break;
            case Reshape drop when node.In(0).Is<Transpose>(out var transpose, out var x) && rewriter.HasOneUse(node.In(0))
                && AxisBlocks.Of(node.In(0).Shape, drop.To) is { OnlyMerges: true } blocks && DropsOnlyUnits(node.In(0).Shape, blocks):
                RaiseDrop(node, x, transpose.Permutation, blocks, rewriter);
                break;
            case MatMul:
                if (!TryHeads(node, 0, rewriter))
                {
                    TryHeads(node, 1, rewriter);
                }

                break;
        }
    }

    private static void RaiseSplit(Node node, Value x, int[] permutation, AxisBlocks blocks, Rewriter rewriter)
    {
        // Axis permutation[i] of x became axis i of the transpose and then the axes of block i.
        var starts = new int[x.Shape.Rank];
        var dims = new List<Dim>();
        for (var axis = 0; axis < x.Shape.Rank; axis++)
        {
            var block = blocks.Blocks[Array.IndexOf(permutation, axis)];
            starts[axis] = dims.Count;
            dims.AddRange(node.Output.Shape.Skip(block.To).Take(block.ToCount));
        }

        var split = rewriter.Add(node, new Reshape(new Shape(dims)), x);
        var spread = permutation.SelectMany((axis, i) => Enumerable.Range(starts[axis], blocks.Blocks[i].ToCount));
        rewriter.Replace(node, rewriter.Add(node, new Transpose([.. spread]), split), node.In(0).Producer);
    }

    private static bool DropsOnlyUnits(Shape from, AxisBlocks blocks) =>
        blocks.Blocks.All(b => from.Skip(b.From).Take(b.FromCount).Count(d => !d.Is(1)) <= 1);

    private static void RaiseDrop(Node node, Value x, int[] permutation, AxisBlocks blocks, Rewriter rewriter)
    {
        // Of each run the axis that counts stays, in x's order.
        var shape = node.In(0).Shape;
        var kept = blocks.Blocks
            .Select(b => Enumerable.Range(b.From, b.FromCount).FirstOrDefault(axis => !shape[axis].Is(1), b.From))
            .Select(axis => permutation[axis])
            .ToArray();
        var order = kept.Order().ToList();
        var dropped = rewriter.Add(node, new Reshape(new Shape(order.Select(axis => x.Shape[axis]))), x);
        rewriter.Replace(node, rewriter.Add(node, new Transpose(Array.ConvertAll(kept, axis => order.IndexOf(axis))), dropped), node.In(0).Producer);
    }

    private static bool TryHeads(Node node, int side, Rewriter rewriter)
    {
        var (merged, other) = (node.In(side), node.In(1 - side));
        if (!merged.Is<Reshape>(out var reshape, out var x) || AxisBlocks.Of(x.Shape, reshape.To) is not { OnlyMerges: true } blocks
            || DropsOnlyUnits(x.Shape, blocks) || blocks.Blocks.Count < 3 || blocks.Blocks.TakeLast(2).Any(b => b.FromCount != 1))
        {
            return false;
        }

        // The other operand has the same leading axes, or none that count.
        var leading = new Shape(x.Shape.SkipLast(2));
        var otherLeading = new Shape(other.Shape.SkipLast(2));
        if (otherLeading == new Shape(reshape.To.SkipLast(2)))
        {
            other = rewriter.Reshaped(node, other, new Shape([.. leading, .. other.Shape.TakeLast(2)]));
        }
        else if (otherLeading.All(d => d.Is(1)) && other.Shape.Rank <= merged.Shape.Rank)
        {
            other = rewriter.Reshaped(node, other, new Shape(other.Shape.TakeLast(2)));
        }
        else
        {
            return false;
        }

        var product = side == 0 ? rewriter.Add(node, new MatMul(), x, other) : rewriter.Add(node, new MatMul(), other, x);
        rewriter.Replace(node, rewriter.Reshaped(node, product, node.Output.Shape), merged.Producer);
        return true;
    }
}
