using CompiledBert.Compiler.Graph;
using CompiledBert.Compiler.Passes;

namespace CompiledBert.Compiler.Fusion;

/// <summary>Whole programs: the loops around a value and the stores into its place.</summary>
internal sealed partial class NestBuilder
{
    /// <summary>Whether an operator writes its result piece by piece and so can only be the root of a nest.</summary>
    public static bool IsRootOnly(Operator op) => op is Concat or Pad or ScatterNd or Conv1d;

    /// <summary>The program that computes a value into its place.</summary>
    public IReadOnlyList<Statement> Build(Value root, Placement place)
    {
        var op = root.Producer?.Operator;
        if (op is Conv1d conv)
        {
            return BuildConv(root, conv, place);
        }

        var scan = ScanOf(root);
        var sum = scan?.Producer!.Operator as CumSum;

        var serialFrom = op switch
        {
            Concat concat => concat.Axis,
            Pad or ScatterNd => 0,
            _ => root.Shape.Rank,
        };
        var lane = LaneAxis(root.Shape);
        var index = new Affine[root.Shape.Rank];
        var outer = new List<(string Variable, Dim Extent)>();
        for (var axis = 0; axis < index.Length; axis++)
        {
            var isOuter = !root.Shape[axis].Is(1) && axis < serialFrom && (sum is null ? axis != lane : axis != sum.Axis);
            index[axis] = isOuter ? Affine.Variable(OuterVariable(root.Shape[axis], outer)) : Affine.Zero;
        }

        switch (op)
        {
            case Concat concat:
                var start = Dim.Zero;
                foreach (var piece in root.Producer!.Inputs.OfType<Value>())
                {
                    var (operand, offset) = (piece, start);
                    StoreRegion(root, place, index, concat.Axis, piece.Shape, i => i, i => Shift(i, concat.Axis, offset), i => Read(operand, i));
                    start += piece.Shape[concat.Axis];
                }

                _origins.UnionWith(root.Producer.Origins);
                break;
            case Pad pad:
                BuildPad(root, pad, place, index);
                break;
            case ScatterNd:
                BuildScatter(root, place, index);
                break;
            case QuantizeRows:
                BuildQuantization(root, place, index, lane);
                break;
            case var _ when scan is not null:
                BuildScan(root, scan, sum!, place, index);
                break;
            default:
                StoreRegion(root, place, index, lane < 0 ? index.Length : lane, root.Shape, i => i, i => i, i => Compute(root, i));
                break;
        }

        return InParallel(outer);
    }

    /// <summary>The body written so far in its parallel loops.</summary>
    private IReadOnlyList<Statement> InParallel(List<(string Variable, Dim Extent)> outer)
    {
        IReadOnlyList<Statement> body = _writer.Body;
        for (var i = outer.Count - 1; i >= 0; i--)
        {
            body = [new Loop(outer[i].Variable, outer[i].Extent, LoopKind.Parallel, body)];
        }

        return body;
    }

    /// <summary>The axis that runs over lanes: the last that is longer than 1; −1 where there is none.</summary>
    public static int LaneAxis(Shape shape)
    {
        var axis = shape.Rank - 1;
        while (axis >= 0 && shape[axis].Is(1))
        {
            axis--;
        }

        return axis;
    }

    private string OuterVariable(Dim extent, List<(string Variable, Dim Extent)> outer)
    {
        var symbol = extent.AsSymbol?.Name.ToLowerInvariant();
        var name = symbol is { Length: 1 } && outer.All(o => o.Variable != symbol) && symbol is not ("c" or "r" or "v" or "m" or "n")
            ? symbol
            : _writer.NewVariable("i");
        outer.Add((name, extent));
        _writer.Outer(name, extent);
        return name;
    }

    /// <summary>
    /// Loops over the axes from <paramref name="from"/> on, the last one over lanes, and stores what <paramref name="read"/>
    /// gives as elements of <paramref name="of"/>.
    /// </summary>
    private void StoreRegion(
        Value of, Placement place, IReadOnlyList<Affine> outer, int from, Shape shape,
        Func<Affine[], Affine[]> readIndex, Func<Affine[], Affine[]> storeIndex, Func<Affine[], Operand> read, ReduceKind? combine = null)
    {
        var index = (Affine[])[.. outer];
        var lane = LaneAxis(shape);
        var opened = 0;
        for (var axis = from; axis < shape.Rank; axis++)
        {
            if (shape[axis].Is(1))
            {
                index[axis] = Affine.Zero;
                continue;
            }

            index[axis] = Affine.Variable(_writer.Open(
                _writer.NewVariable(axis == lane ? "c" : "r"), shape[axis], axis == lane && combine is null ? LoopKind.Lanes : LoopKind.Serial));
            opened++;
        }

        var value = read(readIndex(index));
        var at = storeIndex(index);
        var address = Affine.Of(place.Offset);
        for (var axis = 0; axis < at.Length; axis++)
        {
            address += at[axis] * place.Strides[axis];
        }

        StoreElement(of, place.Buffer, address, combine is null ? value : Combined(of, place.Buffer, address, value, combine.Value));
        for (; opened > 0; opened--)
        {
            CloseLoop();
        }
    }

    /// <summary>What lies at an address, read each time, with a value.</summary>
    private Operand Combined(Value of, string buffer, Affine address, Operand value, ReduceKind combine) => Wrap(
        _writer.Let(
            value.Type,
            combine switch { ReduceKind.Sum => "add", ReduceKind.Prod => "mul", _ => NameOf(combine) },
            LoadElement(of, buffer, address), value),
        of.Type);

    private void BuildPad(Value root, Pad pad, Placement place, Affine[] index)
    {
        var node = root.Producer!;
        var fill = node.Inputs.Count > 1 && node.Inputs[1] is { } given ? given : null;
        StoreRegion(root, place, index, 0, root.Shape, i => i, i => i, _ =>
            fill is null ? Number(Dim.Zero, FusionContext.Computed(root.Type)) : Read(fill, [.. fill.Shape.Select(_ => Affine.Zero)]));

        // Negative padding crops: the copied region starts behind what is cut off.
        static Dim Cut(Dim dim) => dim.IsConstant && dim.Value < 0 ? dim * Dim.Of(-1) : Dim.Zero;
        var operand = node.In(0);
        var region = new Shape(operand.Shape.Select((dim, axis) => dim - Cut(pad.Before[axis]) - Cut(pad.After[axis])));
        StoreRegion(
            root, place, index, 0, region,
            i => [.. i.Select((a, axis) => a + Affine.Of(Cut(pad.Before[axis])))],
            i => [.. i.Select((a, axis) => a + Affine.Of(pad.Before[axis] + Cut(pad.Before[axis])))],
            i => Read(operand, i));
        _origins.UnionWith(node.Origins);
    }

    /// <summary>A running sum, and what is made of each of its elements, in one pass.</summary>
    private void BuildScan(Value root, Value scan, CumSum sum, Placement place, Affine[] index)
    {
        var length = root.Shape[sum.Axis];
        var total = _writer.Accumulator(FusionContext.Computed(scan.Type), "sum");
        var variable = _writer.Open(_writer.NewVariable("r"), length, LoopKind.Serial);
        index[sum.Axis] = sum.Reverse ? new Affine(length - Dim.One, [new AccessTerm(variable, Dim.Of(-1))]) : Affine.Variable(variable);
        var address = Affine.Of(place.Offset);
        for (var axis = 0; axis < index.Length; axis++)
        {
            address += index[axis] * place.Strides[axis];
        }

        if (!sum.Exclusive)
        {
            _writer.Accumulate(total, Widened(Read(scan.Producer!.In(0), index)));
        }

        // It changes in the loop, so that nothing made of it may be computed before.
        var running = _writer.Remember(KeyOf(scan, index), Wrap(total with { Depth = _writer.Depth }, scan.Type));
        StoreElement(root, place.Buffer, address, ReferenceEquals(root, scan) ? running : Compute(root, index));
        if (sum.Exclusive)
        {
            _writer.Accumulate(total, Widened(Read(scan.Producer!.In(0), index)));
        }

        CloseLoop();
        _origins.UnionWith(scan.Producer!.Origins);
    }

    /// <summary>The running sum that a root is, or is made of element by element; null where there is none.</summary>
    private Value? ScanOf(Value root)
    {
        if (root.Producer is not { } node || !(node.Operator is CumSum || node.Operator.IsElementwise()))
        {
            return null;
        }

        return node.Operator is CumSum ? root : node.Inputs.OfType<Value>()
            .Where(i => i.Shape == root.Shape && !_context.IsMaterialized(i))
            .Select(ScanOf)
            .FirstOrDefault(scan => scan is not null);
    }

    /// <summary>Whether the nest of <paramref name="root"/> can compute a running sum on the way: all that reads it works element by element.</summary>
    public static bool CarriesScan(Value root, Value scan) => ReferenceEquals(root, scan)
        || scan.Users.All(u => u.Operator.IsElementwise() && u.Output.Shape == scan.Shape && CarriesScan(root, u.Output));

    private void BuildScatter(Value root, Placement place, Affine[] index)
    {
        var node = root.Producer!;
        var (data, tuples, updates) = (node.In(0), node.In(1), node.In(2));
        StoreRegion(root, place, index, 0, root.Shape, i => i, i => i, i => Read(data, i));

        var lead = tuples.Shape.Rank - 1;
        var length = (int)tuples.Shape[-1].Value;
        StoreRegion(
            root, place, [.. updates.Shape.Select(_ => Affine.Zero)], 0, updates.Shape, i => i,
            i => [.. Enumerable.Range(0, length).Select(j => IndexValue(tuples, [.. i.Take(lead), Affine.Of(j)], data.Shape[j])), .. i.Skip(lead)],
            i => Read(updates, i), ((ScatterNd)node.Operator).Combine);
        _origins.UnionWith(node.Origins);
    }

    /// <summary>y[b, g·O + o, l] = bias + Σ x[b, g·I + i, l·stride + k·dilation]·w[g·O + o, i, k] for the groups g; l runs over lanes.</summary>
    private IReadOnlyList<Statement> BuildConv(Value root, Conv1d conv, Placement place)
    {
        var node = root.Producer!;
        var (x, weights) = (node.In(0), node.In(1));
        var outer = new List<(string Variable, Dim Extent)>();
        Affine Parallel(Dim extent) => extent.Is(1) ? Affine.Zero : Affine.Variable(OuterVariable(extent, outer));
        Affine Inner(string prefix, Dim extent, LoopKind kind) => Affine.Variable(_writer.Open(_writer.NewVariable(prefix), extent, kind));

        var inputs = weights.Shape[1];
        var outputs = Dim.Of(weights.Shape[0].Value / conv.Groups);
        var (batch, group, output) = (Parallel(root.Shape[0]), Parallel(conv.Groups), Parallel(outputs));
        var channel = (group * outputs) + output;
        var lane = Inner("c", root.Shape[2], LoopKind.Lanes);
        var sum = _writer.Accumulator(DataType.Float32, "sum");
        var input = Inner("r", inputs, LoopKind.Serial);
        var tap = Inner("r", weights.Shape[2], LoopKind.Serial);
        var element = Read(x, [batch, (group * inputs) + input, (lane * Dim.Of(conv.Stride)) + (tap * Dim.Of(conv.Dilation))]);
        _writer.Accumulate(sum, _writer.Let(DataType.Float32, "mul", element, Read(weights, [channel, input, tap])));
        CloseLoop();
        CloseLoop();
        var result = node.Inputs.Count > 2 && node.Inputs[2] is { } bias ? _writer.Let(DataType.Float32, "add", sum, Read(bias, [channel])) : sum;
        var address = Affine.Of(place.Offset) + (batch * place.Strides[0]) + (channel * place.Strides[1]) + (lane * place.Strides[2]);
        StoreElement(root, place.Buffer, address, result);
        CloseLoop();
        _origins.UnionWith(node.Origins);
        return InParallel(outer);
    }

    private static Affine[] Shift(Affine[] index, int axis, Dim by) => [.. index.Select((i, a) => a == axis ? i + Affine.Of(by) : i)];
}
