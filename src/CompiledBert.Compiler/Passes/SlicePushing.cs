using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Passes;

/// <summary>
/// Slices move towards the inputs, so that rows which no output reads are not computed.
/// <code>
/// Slice(LayerNorm(x + y), row 0)     → LayerNorm(Slice(x) + Slice(y))
/// Slice(Linear(x, W), row 0)         → Linear(Slice(x), W)
/// Slice(MatMul(Softmax(s), v), row)  → MatMul(Softmax(Slice(s)), v)
/// </code>
/// Only where the whole has no other use; keys and values keep all their rows because the products need them.
/// </summary>
public sealed class SlicePushing : RewritePass
{
    /// <inheritdoc/>
    protected override void Rewrite(Node node, Rewriter rewriter)
    {
        if (node.Operator is not Slice slice || node.In(0).Producer is not { Outputs.Count: 1 } producer)
        {
            return;
        }

        // Reshapes cost nothing and may be done again on a part.
        if (producer.Operator is not Reshape && !rewriter.HasOneUse(producer.Output)
            && !(producer.Operator is Transpose && OnlySliced(producer.Output, rewriter)))
        {
            return;
        }

        if (Push(node, slice, producer, rewriter) is { } result)
        {
            rewriter.Replace(node, result, producer);
        }
    }

    private static bool OnlySliced(Value value, Rewriter rewriter) =>
        !rewriter.Graph.IsOutput(value) && value.Users.All(u => u.Operator is Slice);

    private static Value? Push(Node node, Slice slice, Node producer, Rewriter rewriter)
    {
        var (axis, rank) = (slice.Axis, producer.Output.Shape.Rank);
        Value Sliced(Value value, int at) => rewriter.Add(node, slice with { Axis = at }, value);

        // An operand that broadcasts along the axis is the same for every part of it.
        Value Aligned(Value value, int fromEnd) =>
            value.Shape.Rank < fromEnd || value.Shape[-fromEnd].Is(1) ? value : Sliced(value, value.Shape.Rank - fromEnd);

        Value Again(Operator op, Value first) => rewriter.Add(producer, op, [first, .. producer.Inputs.Skip(1)]);

        switch (producer.Operator)
        {
            case var op when op.IsElementwise() && !producer.Output.Shape[axis].Is(1):
                return rewriter.Add(producer, op, [.. producer.Inputs.Select(i => Aligned(i!, rank - axis))]);
            case Linear when axis == rank - 1:
                return Columns(producer, slice, rewriter);
            case Linear:
                return Again(producer.Operator, Sliced(producer.In(0), axis));
            case LayerNorm or RmsNorm when axis != rank - 1:
                return Again(producer.Operator, Sliced(producer.In(0), axis));
            case Softmax softmax when axis != softmax.Axis:
                return Again(softmax, Sliced(producer.In(0), axis));
            case Reduce reduce when !reduce.Axes.Contains(axis):
                return Again(reduce, Sliced(producer.In(0), axis));
            case CumSum sum when axis != sum.Axis:
                return Again(sum, Sliced(producer.In(0), axis));
            case MatMul when axis == rank - 2:
                return rewriter.Add(producer, producer.Operator, Sliced(producer.In(0), producer.In(0).Shape.Rank - 2), producer.In(1));
            case MatMul when axis == rank - 1:
                return rewriter.Add(producer, producer.Operator, producer.In(0), Sliced(producer.In(1), producer.In(1).Shape.Rank - 1));
            case MatMul:
                return rewriter.Add(producer, producer.Operator, Aligned(producer.In(0), rank - axis), Aligned(producer.In(1), rank - axis));
            case Transpose transpose:
                return Again(transpose, Sliced(producer.In(0), transpose.Permutation[axis]));
            case Reshape:
                return ThroughReshape(node, slice, producer, rewriter);
            case Gather gather:
                var indexRank = producer.In(1).Shape.Rank;
                return axis < gather.Axis ? Again(gather, Sliced(producer.In(0), axis))
                    : axis < gather.Axis + indexRank ? rewriter.Add(producer, gather, producer.In(0), Sliced(producer.In(1), axis - gather.Axis))
                    : Again(gather, Sliced(producer.In(0), axis - indexRank + 1));
            case Concat concat when axis != concat.Axis:
                return rewriter.Add(producer, concat, [.. producer.Inputs.Select(i => Sliced(i!, axis))]);
            case Concat:
                return FromConcat(node, slice, producer, rewriter);
            case Iota iota when node.Output.Type == DataType.Int64:
                return rewriter.Add(producer, new Iota(iota.Start + (Dim.Of(iota.Step) * slice.Start), iota.Step * slice.Step, slice.Length));
            default:
                return null;
        }
    }

    private static Value? Columns(Node linear, Slice slice, Rewriter rewriter)
    {
        if (!slice.Start.IsConstant || !slice.Length.IsConstant || !linear.In(1).IsConstant)
        {
            return null;
        }

        var (start, step, count) = ((int)slice.Start.Value, (int)slice.Step, (int)slice.Length.Value);
        var operands = new List<Value?> { linear.In(0), WeightAlgebra.Columns(linear.In(1), start, step, count) };
        if (linear.Inputs.Count > 2 && linear.Inputs[2] is { } bias)
        {
            var all = bias.ToVector(linear.Output.Shape[-1]);
            operands.Add(WeightAlgebra.Vector(bias.Name, [.. Enumerable.Range(0, count).Select(i => all[start + (i * step)])]));
        }

        return rewriter.Add(linear, linear.Operator, [.. operands]);
    }

    private static Value? ThroughReshape(Node node, Slice slice, Node reshape, Rewriter rewriter)
    {
        var source = reshape.In(0);
        if (AxisBlocks.Of(source.Shape, reshape.Output.Shape) is not { } blocks)
        {
            return null;
        }

        // The sliced axis must be the outermost one that counts in its run, and the run one axis of the operand.
        var block = blocks.OfResultAxis(slice.Axis);
        var outside = Enumerable.Range(block.To, slice.Axis - block.To).All(axis => reshape.Output.Shape[axis].Is(1));
        var counting = Enumerable.Range(block.From, block.FromCount).Where(axis => !source.Shape[axis].Is(1)).ToArray();
        if (!outside || counting.Length != 1)
        {
            return null;
        }

        var inner = Enumerable.Range(slice.Axis + 1, block.ToEnd - slice.Axis - 1).Aggregate(Dim.One, (product, axis) => product * reshape.Output.Shape[axis]);
        if (slice.Step != 1 && !inner.Is(1))
        {
            return null;
        }

        var part = rewriter.Add(node, new Slice(counting[0], slice.Start * inner, slice.Step, slice.Length * inner), source);
        return rewriter.Reshaped(node, part, node.Output.Shape);
    }

    private static Value? FromConcat(Node node, Slice slice, Node concat, Rewriter rewriter)
    {
        if (slice.Step != 1 || !slice.Start.IsConstant || !slice.Length.IsConstant)
        {
            return null;
        }

        var start = 0L;
        foreach (var part in concat.Inputs.OfType<Value>())
        {
            if (!part.Shape[slice.Axis].IsConstant)
            {
                return null;
            }

            var end = start + part.Shape[slice.Axis].Value;
            if (slice.Start.Value >= start && slice.Start.Value + slice.Length.Value <= end)
            {
                return rewriter.Add(node, slice with { Start = slice.Start.Value - start }, part);
            }

            start = end;
        }

        return null;
    }
}
