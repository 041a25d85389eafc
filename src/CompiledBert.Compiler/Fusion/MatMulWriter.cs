using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Fusion;

/// <summary>Writes products over batch axes: of operands that are computed at run time, in any layout, and by constants with a matrix for each index.</summary>
internal static class MatMulWriter
{
    public static MatMulStep Write(Node node, FusionContext context, HashSet<Value> done)
    {
        var (a, b, y) = (node.In(0), node.In(1), node.Output);
        var left = OperandOf(a, y, context);
        var right = PackedOf(b, y, context) ?? OperandOf(b, y, context);
        var (last, strides) = Sink.Follow(y, context, transposes: true);
        if (!strides[^1].Is(1))
        {
            (last, strides) = (y, BufferTable.RowMajor(y.Shape));
        }

        var place = context.AllocateAs(y, last, strides);
        done.Add(last);
        return Raggedness.Mark(
            new MatMulStep
            {
                Title = $"{Titles.Layer(node.Origins)}matrix product",
                Origins = node.Origins,
                BatchExtents = [.. y.Shape.SkipLast(2)],
                M = y.Shape[-2],
                N = y.Shape[-1],
                K = a.Shape[-1],
                A = left,
                B = right,
                IsPacked = b.Constant is not null,
                Y = new MatrixOperand(place.Buffer, place.Offset, [.. place.Strides.SkipLast(2)], place.Strides[^2], place.Strides[^1]),
            },
            context.Graph);
    }

    /// <summary>A constant operand in panels; null for others.</summary>
    private static MatrixOperand? PackedOf(Value value, Value result, FusionContext context)
    {
        if (value.Constant is not { } data)
        {
            return null;
        }

        var strides = new Dim[result.Shape.Rank - 2];
        var (lead, stride) = (result.Shape.Rank - value.Shape.Rank, Panels.ElementsOf(data.Dims[^2], data.Dims[^1]));
        Array.Fill(strides, Dim.Zero);
        for (var axis = value.Shape.Rank - 3; axis >= 0; axis--)
        {
            strides[lead + axis] = Dim.Of(data.Dims[axis] == 1 ? 0 : stride);
            stride *= data.Dims[axis];
        }

        return new MatrixOperand(context.Buffers.WeightsOf(value, WeightLayout.Panels), Dim.Zero, strides, Dim.Of(Panels.Columns), Dim.One);
    }

    private static MatrixOperand OperandOf(Value value, Value result, FusionContext context)
    {
        var batch = result.Shape.Rank - 2;
        var lead = result.Shape.Rank - value.Shape.Rank;
        string[] names = [.. Enumerable.Range(lead, value.Shape.Rank - 2).Select(i => System.FormattableString.Invariant($"i{i}")), "row", "column"];
        var extents = names.Zip(value.Shape).ToDictionary(p => p.First, p => p.Second, StringComparer.Ordinal);
        Affine[] index = [.. value.Shape.Select((dim, axis) => dim.Is(1) ? Affine.Zero : Affine.Variable(names[axis]))];
        if (context.AddressOf(value, index, extents.GetValueOrDefault) is not { } place)
        {
            throw new MaterializeException(context.Root(value));
        }

        return new MatrixOperand(
            place.Buffer,
            place.Address.Offset,
            [.. Enumerable.Range(0, batch).Select(i => place.Address.StrideOf(System.FormattableString.Invariant($"i{i}")))],
            place.Address.StrideOf(names[^2]),
            place.Address.StrideOf(names[^1]));
    }
}
