using CompiledBert.Compiler.Evaluation;
using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Passes;

/// <summary>
/// Two layout operators in a row become one, and each takes its simplest form.
/// <code>
/// Reshape(Reshape(x))                      → Reshape(x)
/// Transpose(Transpose(x))                  → Transpose(x)
/// Expand(Expand(x))                        → Expand(x)
/// Slice(Slice(x)) of one axis              → Slice(x)
/// Transpose that moves only axes of one    → Reshape(x)
/// Expand that only adds axes of one        → Reshape(x)
/// Gather(x, constant consecutive indices)  → Slice(x), reshaped to the indices' shape
/// Gather(x, Slice(constant 0 1 2 …)), Gather(x, Iota)     → Slice(x)
/// Gather(x, Cast(indices → narrower))      → Gather(x, indices)
/// f(x, Reshape(y)) that only pads with ones → f(x, y)
/// Concat(Concat(a, b), c) of one axis      → Concat(a, b, c)
/// </code>
/// </summary>
public sealed class LayoutMerging : RewritePass
{
    /// <inheritdoc/>
    protected override void Rewrite(Node node, Rewriter rewriter)
    {
        if (node.Outputs.Count != 1 || node.Inputs.Count == 0 || node.Inputs[0] is not { } x)
        {
            return;
        }

        switch (node.Operator)
        {
            case Reshape reshape when x.Is<Reshape>(out _, out var source):
                rewriter.Replace(node, rewriter.Reshaped(node, source, reshape.To), x.Producer);
                break;
            case Transpose outer when x.Is<Transpose>(out var inner, out var source):
                var merged = new Transpose(Array.ConvertAll(outer.Permutation, axis => inner.Permutation[axis]));
                rewriter.Replace(node, rewriter.Add(node, merged, source), x.Producer);
                break;
            case Transpose transpose when MovesOnlyUnits(transpose.Permutation, x.Shape):
                rewriter.Replace(node, rewriter.Reshaped(node, x, node.Output.Shape));
                break;
            case Expand expand when x.Is<Expand>(out _, out var source):
                rewriter.Replace(node, rewriter.Add(node, expand, source), x.Producer);
                break;
            case Expand expand when expand.To.Elements == x.Shape.Elements:
                rewriter.Replace(node, rewriter.Reshaped(node, x, expand.To));
                break;
            case Slice outer when x.Is<Slice>(out var inner, out var source) && inner.Axis == outer.Axis:
                var slice = new Slice(outer.Axis, inner.Start + (Dim.Of(inner.Step) * outer.Start), inner.Step * outer.Step, outer.Length);
                rewriter.Replace(node, rewriter.Add(node, slice, source), x.Producer);
                break;
            case Gather gather when Consecutive(node.In(1), x.Shape[gather.Axis], rewriter.Graph) is var (start, step, length):
                var part = rewriter.Add(node, new Slice(gather.Axis, start, step, length), x);
                rewriter.Replace(node, rewriter.Reshaped(node, part, node.Output.Shape), node.In(1).Producer);
                break;
            case Gather gather when node.In(1).Is<Cast>(out _, out var indices) && indices.Type.IsInteger():
                rewriter.Replace(node, rewriter.Add(node, gather, x, indices), node.In(1).Producer);
                break;
            case Binary or Select when node.Inputs.Any(i => i!.Is<Reshape>(out _, out _)):
                DropPadding(node, rewriter);
                break;
            case Concat concat when node.Inputs.Any(i => IsInner(i, concat, rewriter)):
                var parts = node.Inputs.SelectMany(i => IsInner(i, concat, rewriter) ? i!.Producer!.Inputs : [i]);
                rewriter.Replace(node, rewriter.Add(node, concat, [.. parts]), node.Inputs.Where(i => IsInner(i, concat, rewriter)).Select(i => i!.Producer));
                break;
        }
    }

    /// <summary>Broadcasting pads with axes of length 1 by itself.</summary>
    private static void DropPadding(Node node, Rewriter rewriter)
    {
        Shape WithoutPadding(Shape shape) => new(shape.SkipWhile(d => d.Is(1)));
        var operands = node.Inputs
            .Select(i => i!.Is<Reshape>(out var pad, out var y) && y.Shape.Rank < pad.To.Rank && WithoutPadding(y.Shape) == WithoutPadding(pad.To) ? y : i!)
            .ToArray();
        if (operands.SequenceEqual(node.Inputs) || operands.Max(o => o.Shape.Rank) != node.Output.Shape.Rank)
        {
            return;
        }

        rewriter.Replace(node, rewriter.Add(node, node.Operator, operands));
    }

    private static bool IsInner(Value? part, Concat outer, Rewriter rewriter) =>
        part is not null && part.Is<Concat>(out var inner, out _) && inner.Axis == outer.Axis && rewriter.HasOneUse(part);

    private static bool MovesOnlyUnits(int[] permutation, Shape shape)
    {
        var last = -1;
        foreach (var axis in permutation)
        {
            if (!shape[axis].Is(1))
            {
                if (axis < last)
                {
                    return false;
                }

                last = axis;
            }
        }

        return true;
    }

    /// <summary>Start, step and length where indices are known to go in equal steps within the axis.</summary>
    private static (Dim Start, long Step, Dim Length)? Consecutive(Value indices, Dim axisLength, ModelGraph graph)
    {
        while (indices.Producer is { Operator: Reshape or Cast } move && move.In(0).Type.IsInteger())
        {
            indices = move.In(0);
        }

        if (indices.Producer?.Operator is Iota iota)
        {
            if (iota.Step != 1 || !AffineIndex.IsNotNegative(iota.Start))
            {
                return null;
            }

            // What the gather would check for each index becomes one check of the length.
            var limit = (iota.Start + iota.Length, axisLength);
            if (limit.Item1 != limit.axisLength && !graph.Limits.Contains(limit))
            {
                graph.Limits.Add(limit);
            }

            return (iota.Start, iota.Step, iota.Length);
        }

        if (indices.Is<Slice>(out var slice, out var stored) && stored.IsConstant && stored.Shape.Elements == stored.Shape[slice.Axis])
        {
            return Steps(stored, axisLength) is var (first, by) ? (Dim.Of(first) + (Dim.Of(by) * slice.Start), by * slice.Step, slice.Length) : null;
        }

        return indices.IsConstant && Steps(indices, axisLength) is var (start, step) ? (Dim.Of(start), step, indices.Shape.Elements) : null;
    }

    private static (long Start, long Step)? Steps(Value constant, Dim axisLength)
    {
        if (constant.Constant is not { Count: > 0 and <= 1 << 20 } data || !data.Type.IsInteger())
        {
            return null;
        }

        var indices = Tensor.Of(data).Integers;
        if (!axisLength.IsConstant)
        {
            // The only index that every length has is the first, and −1 the last, which is another place for each length.
            return indices is [0] ? (0, 1) : null;
        }

        var length = axisLength.Value;
        var step = indices.Length > 1 ? indices[1] - indices[0] : 1;
        for (var i = 0; i < indices.Length; i++)
        {
            if (indices[i] < -length || indices[i] >= length || (indices[0] < 0) != (indices[i] < 0) || indices[i] != indices[0] + (i * step) || step == 0)
            {
                return null;
            }
        }

        return (indices[0] < 0 ? indices[0] + length : indices[0], step);
    }
}
