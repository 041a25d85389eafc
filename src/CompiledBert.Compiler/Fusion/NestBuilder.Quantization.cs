using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Fusion;

/// <summary>Rows in whole numbers: their largest magnitude first, then their elements.</summary>
internal sealed partial class NestBuilder
{
    private void BuildQuantization(Value root, Placement place, Affine[] outer, int lane)
    {
        var node = root.Producer!;
        var (x, scales) = (node.In(0), _context.PlacementOf(node.Outputs[1])!);
        Operand Constant(string text) => new(text, DataType.Float32, 0);

        Affine[] OpenLane() => [.. outer.Select((i, axis) =>
            axis == lane ? Affine.Variable(_writer.Open(_writer.NewVariable("c"), root.Shape[lane], LoopKind.Lanes)) : i)];

        var largest = _writer.Accumulator(DataType.Float32, "max");
        var first = OpenLane();
        _writer.Accumulate(largest, _writer.Let(DataType.Float32, "abs", Read(x, first)));
        CloseLoop();

        _writer.Store(scales.Buffer, AddressIn(scales, outer), _writer.Let(DataType.Float32, "div", largest, Constant("127")));
        var isSound = _writer.Let(DataType.Bool, "greater", largest, Constant("1E-36"));
        var inverse = _writer.Let(DataType.Float32, "select", isSound, _writer.Let(DataType.Float32, "div", Constant("127"), largest), Constant("0"));

        var second = OpenLane();
        var steps = _writer.Let(DataType.Float32, "roundmul", Read(x, second), inverse);
        _writer.Store(place.Buffer, AddressIn(place, second), _writer.Let(DataType.Int8, "cast", steps));
        CloseLoop();
        _origins.UnionWith(node.Origins);
    }

    private static Affine AddressIn(Placement place, Affine[] index)
    {
        var address = Affine.Of(place.Offset);
        for (var axis = 0; axis < index.Length; axis++)
        {
            address += index[axis] * place.Strides[axis];
        }

        return address;
    }
}
