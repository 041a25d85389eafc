using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Onnx.Operators;

/// <summary>Operators that place elements at indices.</summary>
internal static class Scatters
{
    public static void Register(OperatorTable table)
    {
        table.Add("ScatterND", 3, 3, ScatterNd);
        table.Add("ScatterElements", 3, 3, ScatterElements);
        table.Add("Scatter", 3, 3, ScatterElements);
    }

    private static ReduceKind? Combination(NodeImport n) => n.Text("reduction", "none") switch
    {
        "none" => null,
        "add" => ReduceKind.Sum,
        "mul" => ReduceKind.Prod,
        "max" => ReduceKind.Max,
        "min" => ReduceKind.Min,
        var other => throw n.BadAttribute("reduction", $"is '{Diagnostic.Abbreviate(other)}'"),
    };

    private static void ScatterNd(NodeImport n)
    {
        var (x, indices, updates) = (n.Data(0), n.Data(1), n.Data(2));
        var combination = Combination(n);
        if (indices.Type != DataType.Int64 || updates.Type != x.Type)
        {
            throw n.BadTypes($"indices are {indices.Type}, updates {updates.Type} for {x.Type}");
        }

        if (indices.Shape.Rank == 0 || !indices.Shape[-1].IsConstant || indices.Shape[-1].Value > x.Shape.Rank)
        {
            throw new ShapeException($"indices {indices.Shape} do not fit {x.Shape}");
        }

        n.RequireShape(() => updates.Shape, () => new Shape([.. indices.Shape.SkipLast(1), .. x.Shape.Skip((int)indices.Shape[-1].Value)]), "updates");
        n.Set(n.Emit(new ScatterNd(combination), x, indices, updates));
    }

    /// <summary>Each index stands at a place whose coordinates, but for the axis, are those of the element it names: with them it is a tuple.</summary>
    private static void ScatterElements(NodeImport n)
    {
        var (x, indices, updates) = (n.Data(0), n.Data(1), n.Data(2));
        var axis = n.Axis("axis", 0, x.Shape.Rank);
        var combination = Combination(n);
        if (indices.Type is not (DataType.Int32 or DataType.Int64) || updates.Type != x.Type)
        {
            throw n.BadTypes($"indices are {indices.Type}, updates {updates.Type} for {x.Type}");
        }

        if (indices.Shape.Rank != x.Shape.Rank)
        {
            throw new ShapeException($"{x.Shape} and the indices {indices.Shape} differ in rank");
        }

        n.RequireShape(() => updates.Shape, () => indices.Shape, "updates");
        var coordinates = new Value[x.Shape.Rank];
        for (var i = 0; i < coordinates.Length; i++)
        {
            if (i != axis && !n.Lengths.Assume(indices.Shape[i], x.Shape[i]))
            {
                throw new ShapeException($"indices {indices.Shape} reach beyond {x.Shape}");
            }

            var along = i == axis
                ? n.EmitCast(indices, DataType.Int64)
                : n.Emit(
                    new Expand(indices.Shape),
                    n.EmitReshape(n.Emit(new Iota(Dim.Zero, 1, indices.Shape[i])), indices.Shape.Select((d, a) => a == i ? d : Dim.One)));
            coordinates[i] = n.EmitReshape(along, indices.Shape.Append(Dim.One));
        }

        n.Set(n.Emit(new ScatterNd(combination), x, n.Emit(new Concat(coordinates.Length), coordinates), updates));
    }
}
