using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Fusion;

/// <summary>
/// Follows layout operators from a value to where its elements come from: an index into a reshaped, transposed, expanded or sliced tensor becomes
/// an index into its operand, as arithmetic on indices, so that no layout operator is ever executed for its own sake.
/// </summary>
internal static class ViewReader
{
    /// <summary>Whether a node only renames indices.</summary>
    public static bool IsView(Node? node) => node?.Operator is Reshape or Transpose or Expand or Slice;

    /// <summary>The value behind all views that is not a view itself, stopping at values that <paramref name="stop"/> names.</summary>
    public static Value Root(Value value, Func<Value, bool> stop)
    {
        while (!stop(value) && IsView(value.Producer))
        {
            value = value.Producer!.In(0);
        }

        return value;
    }

    /// <summary>
    /// The operand's index for an index into a view's result. Throws <see cref="MaterializeException"/> for the operand where the index is not affine,
    /// unless the operand has <paramref name="strides"/>, in whose terms a whole group of axes may be addressed as one.
    /// </summary>
    public static Affine[] Through(Node view, IReadOnlyList<Affine> index, Func<string, Dim?> extentOf, IReadOnlyList<Dim>? strides)
    {
        var operand = view.In(0);
        switch (view.Operator)
        {
            case Transpose transpose:
                var permuted = new Affine[index.Count];
                for (var i = 0; i < index.Count; i++)
                {
                    permuted[transpose.Permutation[i]] = index[i];
                }

                return permuted;
            case Expand:
                var lead = index.Count - operand.Shape.Rank;
                return [.. operand.Shape.Select((dim, axis) => dim.Is(1) ? Affine.Zero : index[lead + axis])];
            case Slice slice:
                return [.. index.Select((i, axis) => axis == slice.Axis ? (i * Dim.Of(slice.Step)) + Affine.Of(slice.Start) : i)];
            case Reshape:
                return Reshaped(operand, view.Output.Shape, index, extentOf, strides);
            default:
                throw new InvalidOperationException($"{view} is not a view.");
        }
    }

    private static Affine[] Reshaped(Value operand, Shape to, IReadOnlyList<Affine> index, Func<string, Dim?> extentOf, IReadOnlyList<Dim>? strides)
    {
        var from = operand.Shape;
        var result = Enumerable.Repeat(Affine.Zero, from.Rank).ToArray();
        if (to.Any(d => d.Is(0)))
        {
            return result; // no element is ever read
        }

        var (f, t) = (0, 0);
        while (f < from.Rank || t < to.Rank)
        {
            // The smallest group of axes on both sides with the same number of elements.
            var (fEnd, tEnd) = (f, t);
            var (fSize, tSize) = (Dim.One, Dim.One);
            do
            {
                if (tEnd < to.Rank && (fEnd >= from.Rank || IsLess(tSize, fSize) || tEnd == t))
                {
                    tSize *= to[tEnd++];
                }
                else if (fEnd < from.Rank)
                {
                    fSize *= from[fEnd++];
                }
                else
                {
                    throw new InvalidOperationException($"{from} is not {to}.");
                }

                if (fSize != tSize && fEnd == from.Rank && tEnd == to.Rank)
                {
                    throw new InvalidOperationException($"{from} is not {to}.");
                }
            }
            while (fSize != tSize);

            Group(operand, (f, fEnd), to, (t, tEnd), index, result, extentOf, strides);
            (f, t) = (fEnd, tEnd);
        }

        return result;
    }

    private static void Group(
        Value operand, (int Start, int End) from, Shape to, (int Start, int End) target, IReadOnlyList<Affine> index, Affine[] result,
        Func<string, Dim?> extentOf, IReadOnlyList<Dim>? strides)
    {
        var linear = Affine.Zero;
        var stride = Dim.One;
        for (var axis = target.End - 1; axis >= target.Start; axis--)
        {
            linear += to[axis].Is(1) ? Affine.Zero : index[axis] * stride;
            stride *= to[axis];
        }

        var axes = Enumerable.Range(from.Start, from.End - from.Start).Where(axis => !operand.Shape[axis].Is(1)).ToList();
        var rest = linear;
        for (var i = axes.Count - 1; i > 0; i--)
        {
            if (rest.DivRem(operand.Shape[axes[i]], extentOf) is { } parts)
            {
                result[axes[i]] = parts.Remainder;
                rest = parts.Quotient;
                continue;
            }

            if (strides is null || Enumerable.Range(0, i).Any(j => strides[axes[j]] != strides[axes[j + 1]] * operand.Shape[axes[j + 1]]))
            {
                throw new MaterializeException(operand);
            }

            // Its axes are contiguous in memory: the last one takes the whole linear index.
            result[axes[i]] = rest;
            return;
        }

        if (axes.Count > 0)
        {
            result[axes[0]] = rest;
        }
    }

    /// <summary>Whether a group has fewer elements, as far as that can be told; decides only which side grows next.</summary>
    private static bool IsLess(Dim a, Dim b) =>
        a.IsConstant && b.IsConstant ? a.Value < b.Value : a.IsConstant || (!b.IsConstant && b.DivideExactly(a) is not null && a != b);
}
