using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Schedule;

/// <summary>How long sequences may get: what stored tables, such as that of positions, have rows for.</summary>
internal static class TokenLimit
{
    /// <summary>
    /// The largest value of a symbol for which no slice leaves its operand and no row is gathered that a table does not have; null where nothing limits it.
    /// </summary>
    public static long? Of(ModelGraph graph, Symbol symbol) => Pairs(graph).Min(pair => MostOf(pair, symbol));

    /// <summary>What else lengths must fulfil: conditions on several of them, on the number of sequences, and least lengths.</summary>
    public static IReadOnlyList<LengthLimit> Others(ModelGraph graph, IReadOnlyList<PlanSymbol> symbols)
    {
        var limited = graph.Symbols.Where(s => symbols.Any(p => p.Name == s.Name && p.Max is not null)).ToList();
        var mayBeZero = symbols.Where(s => s.Role == SymbolRole.Other).Select(s => s.Name).ToHashSet(StringComparer.Ordinal);
        return
        [
            .. Pairs(graph)
                .Where(pair => !limited.Any(s => MostOf(pair, s) is not null) && !HoldsAlways(pair.Most - pair.Length))
                .Select(Sorted)
                .Distinct(),
        ];

        bool HoldsAlways(Dim room) => room.Terms.All(t => t.Symbols.Count == 0 || t.Coefficient > 0)
            && room.Terms.Where(t => !t.Symbols.Any(s => mayBeZero.Contains(s.Name))).Sum(t => t.Coefficient) >= 0;
    }

    /// <summary>The condition without negative terms: 0 ≤ T − 8 is 8 ≤ T, which people are told.</summary>
    private static LengthLimit Sorted((Dim Length, Dim Most) pair)
    {
        var (length, most) = (Dim.Zero, Dim.Zero);
        foreach (var term in (pair.Length - pair.Most).Terms)
        {
            var product = term.Symbols.Aggregate(Dim.Of(Math.Abs(term.Coefficient)), (product, symbol) => product * Dim.Of(symbol));
            (length, most) = term.Coefficient > 0 ? (length + product, most) : (length, most + product);
        }

        return new LengthLimit(length, most);
    }

    private static IEnumerable<(Dim Length, Dim Most)> Pairs(ModelGraph graph) => graph.Limits.Concat(graph.Nodes.Select(RowsOf).OfType<(Dim, Dim)>());

    /// <summary>The largest value of a symbol where the condition is factor·symbol ≤ room; null where it says something else.</summary>
    private static long? MostOf((Dim Length, Dim Most) pair, Symbol symbol)
    {
        var factor = FactorOf(pair.Length - pair.Most, symbol);
        var room = pair.Most - pair.Length + (Dim.Of(symbol) * Dim.Of(factor));
        return factor > 0 && room.IsConstant ? Math.Max(0, room.Value) / factor : null;
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
