using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Passes;

/// <summary>
/// Gathers whose indices are a grid over the whole operand only move its axes, and comparisons that hold for every index are decided.
/// <code>
/// GatherNd(x, [i, j] over all i &lt; B, j &lt; T)          → x, its axes arranged and broadcast like the indices
/// Gather(Reshape(x, [B*T]), i·T + j)                   → the same
/// Gather(x, i), x's axis of length 1                   → x broadcast
/// Gather, GatherElements, GatherNd, Slice of a uniform tensor → that number, broadcast
/// Iota ≥ 0                                             → true
/// </code>
/// Where a grid over one length picks from an axis of another that only an input has, the two are the same length: the input's other rows would never be read.
/// </summary>
public sealed class IndexGridRemoval : RewritePass
{
    /// <inheritdoc/>
    protected override void Rewrite(Node node, Rewriter rewriter)
    {
        switch (node.Operator)
        {
            case Gather or GatherElements or GatherNd or Slice when Uniform(node.In(0)) is { } number:
                rewriter.Replace(node, rewriter.Expanded(node, Rewriter.Scalar(node.Output.Type, number), node.Output.Shape));
                break;
            case Gather gather when node.In(0).Shape[gather.Axis].Is(1) && !node.In(1).Shape.Elements.Is(1):
                var shape = node.In(0).Shape;
                var units = Enumerable.Repeat(Dim.One, node.In(1).Shape.Rank);
                var only = rewriter.Reshaped(node, node.In(0), new Shape([.. shape.Take(gather.Axis), .. units, .. shape.Skip(gather.Axis + 1)]));
                rewriter.Replace(node, rewriter.Expanded(node, only, node.Output.Shape));
                break;
            case Gather { Axis: 0 }:
                RemoveFlatGrid(node, rewriter);
                break;
            case GatherNd { BatchDims: 0 }:
                RemoveGrid(node, rewriter);
                break;
            case Binary binary when Decide(binary.Kind, node.In(0), node.In(1)) is { } truth:
                rewriter.Replace(node, rewriter.Expanded(node, Rewriter.Scalar(DataType.Bool, truth ? 1 : 0), node.Output.Shape));
                break;
        }
    }

    private static double? Uniform(Value data)
    {
        while (data.Producer is { Operator: Expand or Reshape or Transpose } move)
        {
            data = move.In(0);
        }

        return data.IsScalar(out var number) ? number : null;
    }

    private static void RemoveFlatGrid(Node node, Rewriter rewriter)
    {
        var (data, indices) = (node.In(0), node.In(1));
        if (indices.IsConstant || AffineIndex.Of(indices) is not { } grid || !grid.Offset.Is(0))
        {
            return;
        }

        // The axes that the flat axis was made of, if it was made of several.
        var source = data.Is<Reshape>(out _, out var x) && FlatAxes(x.Shape, data.Shape) > 0 ? x : data;
        var flat = FlatAxes(source.Shape, data.Shape);
        var axisOf = new int[flat];
        var stride = Dim.One;
        for (var axis = flat - 1; axis >= 0; axis--)
        {
            var step = stride;
            axisOf[axis] = source.Shape[axis].Is(1) ? -1 : Array.FindIndex(grid.Coefficients, c => c == step);
            if (!source.Shape[axis].Is(1) && (axisOf[axis] < 0 || indices.Shape[axisOf[axis]] != source.Shape[axis]))
            {
                return;
            }

            stride *= source.Shape[axis];
        }

        if (grid.Coefficients.Count(c => !c.Is(0)) == axisOf.Count(a => a >= 0))
        {
            Arrange(node, source, indices.Shape, axisOf, rewriter);
        }
    }

    /// <summary>
    /// How many leading axes of a shape the first axis of the other holds, the rest being the same but for axes of length 1; 0 where that is not so.
    /// </summary>
    private static int FlatAxes(Shape source, Shape data)
    {
        var rest = data.Skip(1).Where(d => !d.Is(1)).ToArray();
        for (var flat = 1; flat <= source.Rank; flat++)
        {
            if (new Shape(source.Take(flat)).Elements == data[0] && source.Skip(flat).Where(d => !d.Is(1)).SequenceEqual(rest))
            {
                return flat;
            }
        }

        return 0;
    }

    private static void RemoveGrid(Node node, Rewriter rewriter)
    {
        var (data, indices) = (node.In(0), node.In(1));
        var tuples = new Shape(indices.Shape.SkipLast(1));
        if (indices.Producer is not { Operator: Concat concat } producer || concat.Axis != tuples.Rank || producer.Inputs.Any(i => !i!.Shape[-1].Is(1)))
        {
            return;
        }

        var axisOf = new int[producer.Inputs.Count];
        for (var k = 0; k < axisOf.Length; k++)
        {
            if (AffineIndex.Of(producer.In(k)) is not { } grid || !grid.Offset.Is(0) || grid.Coefficients.Count(c => !c.Is(0)) > 1)
            {
                return;
            }

            axisOf[k] = Array.FindIndex(grid.Coefficients, c => c.Is(1));
            if (axisOf[k] < 0 ? !data.Shape[k].Is(1) : Array.IndexOf(axisOf, axisOf[k]) != k)
            {
                return;
            }
        }

        for (var k = 0; k < axisOf.Length; k++)
        {
            if (axisOf[k] >= 0 && data.Shape[k] != tuples[axisOf[k]])
            {
                if (data.Shape[k].AsSymbol is { } own && tuples[axisOf[k]].AsSymbol is not null && rewriter.Graph.Symbols.Contains(own))
                {
                    // The next round finds them equal.
                    rewriter.Unify(own, tuples[axisOf[k]]);
                }

                return;
            }
        }

        Arrange(node, data, tuples, axisOf, rewriter);
    }

    /// <summary>Brings the first axes of the operand to their places among the indices' axes, and broadcasts over the others.</summary>
    private static void Arrange(Node node, Value source, Shape indices, int[] axisOf, Rewriter rewriter)
    {
        var order = Enumerable.Range(0, axisOf.Length)
            .OrderBy(axis => axisOf[axis])
            .Concat(Enumerable.Range(axisOf.Length, source.Shape.Rank - axisOf.Length))
            .ToArray();
        var arranged = order.SequenceEqual(Enumerable.Range(0, order.Length)) ? source : rewriter.Add(node, new Transpose(order), source);
        var grid = indices.Select((dim, axis) => axisOf.Contains(axis) ? dim : Dim.One);
        arranged = rewriter.Reshaped(node, arranged, new Shape([.. grid, .. node.Output.Shape.Skip(indices.Rank)]));
        rewriter.Replace(node, rewriter.Expanded(node, arranged, node.Output.Shape), node.Inputs.Select(i => i?.Producer).Where(p => p?.Operator is Concat));
    }

    private static bool? Decide(BinaryKind kind, Value a, Value b)
    {
        if (a.IsScalar(out var number) && !b.IsConstant)
        {
            return kind switch
            {
                BinaryKind.Less => Decide(BinaryKind.Greater, b, a),
                BinaryKind.LessOrEqual => Decide(BinaryKind.GreaterOrEqual, b, a),
                BinaryKind.Greater => Decide(BinaryKind.Less, b, a),
                BinaryKind.GreaterOrEqual => Decide(BinaryKind.LessOrEqual, b, a),
                _ => null,
            };
        }

        if (kind is not (BinaryKind.Less or BinaryKind.LessOrEqual or BinaryKind.Greater or BinaryKind.GreaterOrEqual)
            || !b.IsScalar(out number)
            || AffineIndex.Of(a)?.Least is not { IsConstant: true } least)
        {
            return null;
        }

        return kind switch
        {
            BinaryKind.GreaterOrEqual when least.Value >= number => true,
            BinaryKind.Greater when least.Value > number => true,
            BinaryKind.Less when least.Value >= number => false,
            BinaryKind.LessOrEqual when least.Value > number => false,
            _ => null,
        };
    }
}
