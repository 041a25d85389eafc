using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Onnx.Operators;

/// <summary>Operators that move blocks of the plane into channels and back.</summary>
internal static class Blocks
{
    public static void Register(OperatorTable table)
    {
        table.Add("DepthToSpace", 1, 1, DepthToSpace);
        table.Add("SpaceToDepth", 1, 1, SpaceToDepth);
    }

    private static void DepthToSpace(NodeImport n)
    {
        var (x, size) = Operand(n);
        var isColumnsFirst = n.Text("mode", "DCR") switch
        {
            "DCR" => false,
            "CRD" => true,
            var other => throw n.BadAttribute("mode", $"is '{Diagnostic.Abbreviate(other)}', not 'DCR' or 'CRD'"),
        };
        var depth = x.Shape[1].DivideExactly(size * size) ?? throw new ShapeException($"{x.Shape[1]} channels are no blocks of {size} × {size}");
        var (height, width) = (x.Shape[2], x.Shape[3]);
        var moved = isColumnsFirst
            ? n.EmitTranspose(n.EmitReshape(x, x.Shape[0], depth, size, size, height, width), 0, 1, 4, 2, 5, 3)
            : n.EmitTranspose(n.EmitReshape(x, x.Shape[0], size, size, depth, height, width), 0, 3, 4, 1, 5, 2);
        n.Set(n.EmitReshape(moved, x.Shape[0], depth, height * size, width * size));
    }

    private static void SpaceToDepth(NodeImport n)
    {
        var (x, size) = Operand(n);
        var height = x.Shape[2].DivideExactly(size);
        var width = x.Shape[3].DivideExactly(size);
        if (height is null || width is null)
        {
            throw new ShapeException($"{x.Shape} is not made of blocks of {size} × {size}");
        }

        var apart = n.EmitReshape(x, x.Shape[0], x.Shape[1], height, size, width, size);
        n.Set(n.EmitReshape(n.EmitTranspose(apart, 0, 3, 5, 1, 2, 4), x.Shape[0], x.Shape[1] * (size * size), height, width));
    }

    private static (Value X, long Size) Operand(NodeImport n)
    {
        var x = n.Data(0);
        var size = n.RequiredInt("blocksize");
        return x.Shape.Rank != 4 ? throw new ShapeException($"[batch, channels, height, width] is needed, not {x.Shape}")
            : size is < 1 or > 1 << 15 ? throw n.BadAttribute("blocksize", $"is {size}")
            : (x, size);
    }
}
