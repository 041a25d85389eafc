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
/// Gather(x, Slice(constant 0 1 2 …))       → Slice(x)
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
            case Gather gather when Consecutive(node.In(1), x.Shape[gather.Axis]) is var (start, step, length):
                var part = rewriter.Add(node, new Slice(gather.Axis, start, step, length), x);
                rewriter.Replace(node, rewriter.Reshaped(node, part, node.Output.Shape), node.In(1).Producer);
                break;
            case Concat concat when node.Inputs.Any(i => IsInner(i, concat, rewriter)):
                var parts = node.Inputs.SelectMany(i => IsInner(i, concat, rewriter) ? i!.Producer!.Inputs : [i]);
                rewriter.Replace(node, rewriter.Add(node, concat, [.. parts]), node.Inputs.Where(i => IsInner(i, concat, rewriter)).Select(i => i!.Producer));
                break;
        }
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
    private static (Dim Start, long Step, Dim Length)? Consecutive(Value indices, Dim axisLength)
    {
        if (indices.Is<Reshape>(out _, out var flat))
        {
            indices = flat;
        }

        if (indices.Producer?.Operator is Iota iota)
        {
            // Without proof that it ends within the axis, the indices stay and are checked when the model runs.
            var whole = iota.Start.Is(0) && iota.Step == 1 && iota.Length == axisLength;
            return whole ? (iota.Start, iota.Step, iota.Length) : null;
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
