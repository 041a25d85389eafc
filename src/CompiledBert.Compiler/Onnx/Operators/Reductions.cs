using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Onnx.Operators;

/// <summary>Operators that combine elements along axes.</summary>
internal static class Reductions
{
    public static void Register(OperatorTable table)
    {
        Add(table, "ReduceSum", ReduceKind.Sum);
        Add(table, "ReduceMean", ReduceKind.Mean);
        Add(table, "ReduceMax", ReduceKind.Max);
        Add(table, "ReduceMin", ReduceKind.Min);
        Add(table, "ReduceProd", ReduceKind.Prod);
        Add(table, "ReduceL1", ReduceKind.Sum, before: (n, x) => n.Emit(UnaryKind.Abs, x));
        Add(table, "ReduceL2", ReduceKind.Sum, before: Square, after: (n, x) => n.Emit(UnaryKind.Sqrt, x));
        Add(table, "ReduceSumSquare", ReduceKind.Sum, before: Square);
        Add(table, "ReduceLogSum", ReduceKind.Sum, after: (n, x) => n.Emit(UnaryKind.Log, x));
        table.Add("ReduceLogSumExp", 1, 2, n => Reduced(n, LogSumExp));
        table.Add("GlobalAveragePool", 1, 1, n => Pool(n, ReduceKind.Mean));
        table.Add("GlobalMaxPool", 1, 1, n => Pool(n, ReduceKind.Max));
        table.Add("CumSum", 2, 2, CumSum);
    }

    /// <summary>log Σ eˣ along axes that stay, safe from overflow.</summary>
    public static Value LogSumExp(NodeImport n, Value x, int[] axes)
    {
        var largest = n.Emit(new Reduce(ReduceKind.Max, axes), x);
        var sum = n.Emit(new Reduce(ReduceKind.Sum, axes), n.Emit(UnaryKind.Exp, n.Emit(BinaryKind.Sub, x, largest)));
        return n.Emit(BinaryKind.Add, n.Emit(UnaryKind.Log, sum), largest);
    }

    private static Value Square(NodeImport n, Value x) => n.Emit(BinaryKind.Mul, x, x);

    private static void Add(
        OperatorTable table, string name, ReduceKind kind, Func<NodeImport, Value, Value>? before = null, Func<NodeImport, Value, Value>? after = null) =>
        table.Add(name, 1, 2, n =>
        {
            if (before is null && after is null && kind != ReduceKind.Mean && TryReduceContents(n, kind))
            {
                return;
            }

            Reduced(n, (_, x, axes) =>
            {
                // Truth values are reduced as numbers, roots and logarithms are taken of floats.
                var type = x.Type;
                x = type == DataType.Bool ? n.EmitCast(x, DataType.Int32) : after is null ? x : n.EmitCast(x, DataType.Float32);
                x = n.Emit(new Reduce(kind, axes), before is null ? x : before(n, x));
                return n.EmitCast(after is null ? x : after(n, x), type);
            });
        });

    private static bool TryReduceContents(NodeImport n, ReduceKind kind)
    {
        var x = n.In(0);
        if (x.Shape.Rank != 1 || x.Type is not (DataType.Int64 or DataType.Int32) || x.Contents is not { Length: > 0 } contents)
        {
            return false;
        }

        var axes = Shapes.Axes(n, 1, 1);
        var keep = n.Flag("keepdims", true);
        if (n.Flag("noop_with_empty_axes", false) && axes is null or [])
        {
            return false;
        }

        var result = contents[0];
        foreach (var next in contents.Skip(1))
        {
            bool? isLess = n.Lengths.AtMost(result, next);
            switch (kind)
            {
                case ReduceKind.Sum: result += next; break;
                case ReduceKind.Prod: result *= next; break;
                case ReduceKind.Max when isLess is { } known: result = known ? next : result; break;
                case ReduceKind.Min when isLess is { } known: result = known ? result : next; break;
                default: return false;
            }
        }

        n.Set(x.Type, keep ? [1] : [], [result]);
        return true;
    }

    private static void Reduced(NodeImport n, Func<NodeImport, Value, int[], Value> reduce)
    {
        var x = n.Data(0);
        var axes = Shapes.Axes(n, 1, x.Shape.Rank);
        var keep = n.Flag("keepdims", true);
        var isNothing = n.Flag("noop_with_empty_axes", false) && axes is null or [];
        if (isNothing)
        {
            n.Set(x);
            return;
        }

        int[] along = axes is null or [] ? [.. Enumerable.Range(0, x.Shape.Rank)] : [.. axes.Order()];
        var result = reduce(n, x, along);
        n.Set(keep ? result : n.EmitReshape(result, result.Shape.Where((_, axis) => !along.Contains(axis))));
    }

    private static void Pool(NodeImport n, ReduceKind kind)
    {
        var x = Elementwise.Float(n, n.Data(0));
        if (x.Shape.Rank < 3)
        {
            throw new ShapeException($"[batch, channels, …] is needed, not {x.Shape}");
        }

        n.Set(n.Emit(new Reduce(kind, [.. Enumerable.Range(2, x.Shape.Rank - 2)]), x));
    }

    private static void CumSum(NodeImport n)
    {
        var x = n.Data(0);
        if (n.In(1).Integers is not [var axis])
        {
            throw n.DataDependent("on its axis");
        }

        n.Set(n.Emit(new CumSum(Shapes.Normalise(n, [axis], x.Shape.Rank)[0], n.Flag("exclusive", false), n.Flag("reverse", false)), x));
    }
}
