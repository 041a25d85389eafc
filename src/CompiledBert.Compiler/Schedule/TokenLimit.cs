using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Schedule;

/// <summary>How long sequences may get: what stored tables, such as that of positions, have rows for.</summary>
internal static class TokenLimit
{
    /// <summary>The largest value of a symbol for which no slice or gather leaves its operand; null where nothing limits it.</summary>
    public static long? Of(ModelGraph graph, Symbol symbol)
    {
        long? limit = null;
        foreach (var node in graph.Nodes)
        {
            var (end, size) = node.Operator switch
            {
                Slice { Step: > 0 } slice when node.In(0).Shape[slice.Axis] is { IsConstant: true } length =>
                    (slice.Start + ((slice.Length - Dim.One) * Dim.Of(slice.Step)) + Dim.One, length.Value),
                Gather gather when node.In(0).Shape[gather.Axis] is { IsConstant: true } rows && IotaBehind(node.In(1)) is { } iota =>
                    (iota.Start + ((iota.Length - Dim.One) * Dim.Of(iota.Step)) + Dim.One, rows.Value),
                _ => (Dim.Zero, 0L),
            };

            // end = factor·symbol + rest ≤ size
            var rest = end - (Dim.Of(symbol) * Dim.Of(FactorOf(end, symbol)));
            if (FactorOf(end, symbol) > 0 && rest.IsConstant)
            {
                var most = (size - rest.Value) / FactorOf(end, symbol);
                limit = limit is { } other ? Math.Min(other, most) : most;
            }
        }

        return limit;
    }

    private static long FactorOf(Dim dim, Symbol symbol) =>
        dim.Terms.FirstOrDefault(t => t.Symbols.Count == 1 && t.Symbols[0] == symbol)?.Coefficient ?? 0;

    private static Iota? IotaBehind(Value value)
    {
        while (value.Producer is { Operator: Reshape or Expand or Cast } node)
        {
            value = node.In(0);
        }

        return value.Producer?.Operator as Iota;
    }
}
