using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Schedule;

/// <summary>How long sequences may get: what stored tables, such as that of positions, have rows for.</summary>
internal static class TokenLimit
{
    /// <summary>The largest value of a symbol for which no slice leaves its operand and no row is gathered that a table does not have; null where nothing limits it.</summary>
    public static long? Of(ModelGraph graph, Symbol symbol)
    {
        long? limit = null;
        foreach (var (length, most) in graph.Limits.Concat(graph.Nodes.Select(RowsOf).OfType<(Dim, Dim)>()))
        {
            // factor·symbol + rest ≤ most
            var factor = FactorOf(length, symbol);
            var rest = length - (Dim.Of(symbol) * Dim.Of(factor));
            if (factor > 0 && rest.IsConstant && most.IsConstant)
            {
                limit = Math.Min(limit ?? long.MaxValue, (most.Value - rest.Value) / factor);
            }
        }

        return limit;
    }

    /// <summary>Where rows of a table are gathered in order: the last one's number plus one, and the rows there are.</summary>
    private static (Dim Length, Dim Most)? RowsOf(Node node) =>
        node.Operator is Gather gather && IotaBehind(node.In(1)) is { } iota
            ? (iota.Start + ((iota.Length - Dim.One) * Dim.Of(iota.Step)) + Dim.One, node.In(0).Shape[gather.Axis])
            : null;

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
