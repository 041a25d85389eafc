using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Fusion;

/// <summary>
/// Writes products with constant weights, and draws the nest that follows into them: elementwise work into the tile, reductions over a row behind it.
/// </summary>
internal static class LinearWriter
{
    /// <summary>The product alone.</summary>
    public static LinearStep Write(Node node, FusionContext context, HashSet<Value> done)
    {
        var (last, strides) = Sink.Follow(node.Output, context, transposes: false);
        var place = context.AllocateAs(node.Output, last, strides);
        done.Add(last);
        var step = Product(node, context, new RowOperand(place.Buffer, place.Offset, node.Output.Shape[-1]));
        return Raggedness.Mark(step with { Title = Titles.OfLinear(step, node.Origins) }, context.Graph);
    }

    /// <summary>The product with the nest of <paramref name="root"/> run on its rows; null where they do not fit together.</summary>
    public static (LinearStep Step, NestDraft Nest)? TryWriteWith(Node node, Value root, Value? kept, FusionContext context)
    {
        var product = node.Output;
        if (NestWriter.TryWrite(root, kept, product, context) is not { } nest || nest.Context.PlacementOf(product) is not { } place)
        {
            return null;
        }

        var n = product.Shape[-1];
        var rows = new Shape(product.Shape.SkipLast(1)).Elements;
        if (RowLoops.Collapse(nest.Body, rows, place.Buffer, n) is not { } inner)
        {
            return null;
        }

        var step = Product(node, nest.Context, new RowOperand(place.Buffer, place.Offset, n));
        step = RowLoops.AsTile(inner, n, place.Buffer, nest) is { } tile
            ? step with { Tile = tile.Statements, TileResult = tile.Result }
            : step with { Row = [new Loop("m", rows, LoopKind.Parallel, inner)], RowScratch = nest.Scratch };
        string[] origins = [.. node.Origins, .. nest.Origins];
        step = step with { Origins = origins, Title = Titles.OfLinear(step, origins) };
        return (Raggedness.Mark(step, context.Graph), nest);
    }

    private static LinearStep Product(Node node, FusionContext context, RowOperand y)
    {
        var (x, weights) = (node.In(0), node.In(1));
        var isInteger = node.Operator is IntegerLinear;
        var third = node.Inputs.Count > 2 ? node.Inputs[2] : null;
        return new LinearStep
        {
            Title = "",
            Origins = node.Origins,
            Rows = new Shape(x.Shape.SkipLast(1)).Elements,
            K = weights.Shape[0].Value,
            N = weights.Shape[1].Value,
            X = RowsOf(x, context),
            Weights = context.Buffers.WeightsOf(weights, isInteger ? WeightLayout.IntegerPanels : WeightLayout.Panels),
            Bias = isInteger || third is null ? null : context.Buffers.WeightsOf(third, WeightLayout.PaddedVector),
            IsInteger = isInteger,
            HasSmallSums = third is null && node.Operator is IntegerLinear { HasSmallSums: true },
            Shift = isInteger && third is not null ? BufferOf(third, context) : null,
            Y = y,
        };
    }

    /// <summary>The buffer that holds a single element.</summary>
    private static string BufferOf(Value value, FusionContext context) =>
        context.AddressOf(value, [.. value.Shape.Select(_ => Affine.Zero)], _ => null) is { Address: { Offset: var offset, Terms.Count: 0 } } place
            && offset.Is(0)
            ? place.Buffer
            : throw new MaterializeException(value);

    /// <summary>A value as rows of its last axis; copied first where its rows are not evenly spaced.</summary>
    private static RowOperand RowsOf(Value value, FusionContext context)
    {
        var names = value.Shape.Select((_, axis) => System.FormattableString.Invariant($"x{axis}")).ToArray();
        var extents = names.Zip(value.Shape).ToDictionary(p => p.First, p => p.Second, StringComparer.Ordinal);
        Affine[] index = [.. value.Shape.Select((dim, axis) => dim.Is(1) ? Affine.Zero : Affine.Variable(names[axis]))];
        if (context.AddressOf(value, index, extents.GetValueOrDefault) is not { } place)
        {
            throw new MaterializeException(context.Root(value));
        }

        var lane = value.Shape.Rank - 1;
        string[] outer = [.. names.Take(lane).Where(v => !extents[v].Is(1))];
        var contiguous = value.Shape[lane].Is(1) || place.Address.StrideOf(names[lane]).Is(1);
        if (!contiguous || RowLoops.CollapsedStride(place.Address.Terms, [.. outer.Select(v => (v, extents[v]))]) is not { } stride)
        {
            throw new MaterializeException(value);
        }

        return new RowOperand(place.Buffer, place.Address.Offset, outer.Length == 0 ? value.Shape[lane] : stride);
    }
}
