using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Fusion;

/// <summary>What steps are called.</summary>
internal static class Titles
{
    /// <summary>Node names in the order of the graph.</summary>
    public static IEnumerable<string> InGraphOrder(IReadOnlyCollection<string> origins, ModelGraph graph)
    {
        var wanted = origins.ToHashSet(StringComparer.Ordinal);
        return graph.Nodes.SelectMany(n => n.Origins).Where(wanted.Contains).Distinct(StringComparer.Ordinal);
    }

    /// <summary>The name of a nest: what kind of work it does.</summary>
    public static string OfNest(IReadOnlyList<Statement> body, IReadOnlyList<string> origins)
    {
        var all = Programs.Flatten(body).ToList();
        var words = new List<string>();
        var quantises = all.OfType<Let>().Any(l => l is { Op: "cast", Type: DataType.Int8 });
        if (all.OfType<Load>().Any(l => l.From.Terms.Any(t => t.Variable.StartsWith('v'))))
        {
            words.Add("gather");
        }

        if (all.OfType<Let>().Any(l => l.Op == "rsqrt"))
        {
            words.Add("norm");
        }
        else if (all.OfType<Accumulator>().Any() && !quantises)
        {
            words.Add("reduce");
        }

        if (quantises)
        {
            words.Add("quantise");
        }

        if (words.Count == 0)
        {
            words.Add(all.OfType<Let>().Any() ? "elementwise" : "copy");
        }

        return Layer(origins) + string.Join(" + ", words);
    }

    /// <summary>The name of a matrix product.</summary>
    public static string OfLinear(LinearStep step, IReadOnlyList<string> origins)
    {
        var (tile, row) = (step.Tile, step.Row);
        var activation = tile.Concat(Programs.Flatten(row))
            .OfType<Let>().Select(l => l.Op)
            .FirstOrDefault(op => op is "geluerf" or "geluerfcoarse" or "gelutanh" or "relu" or "tanh" or "silu" or "sigmoid");
        var after = activation is not null
            ? " + " + (activation == "geluerfcoarse" ? "geluerf" : activation)
            : tile.Count > 0 && !step.IsInteger ? " + elementwise" : "";
        var work = Programs.Flatten(row).ToList();
        var quantises = work.OfType<Let>().Any(l => l is { Op: "cast", Type: DataType.Int8 });
        after += work.OfType<Let>().Any(l => l.Op == "rsqrt") ? " + norm" : work.OfType<Accumulator>().Any() && !quantises ? " + reduce" : "";
        after += quantises ? " + quantise" : "";
        return System.FormattableString.Invariant($"{Layer(origins)}linear {step.K}→{step.N}{(step.IsInteger ? " int8" : "")}{after}");
    }

    /// <summary>The layer that node names speak of, as a prefix; empty where they do not agree.</summary>
    public static string Layer(IReadOnlyList<string> origins)
    {
        var layers = origins.Select(LayerOf).Where(l => l is not null).Distinct().ToList();
        return layers.Count == 1 ? $"layer {layers[0]} · " : "";
    }

    private static string? LayerOf(string origin)
    {
        var parts = origin.Split('/', '.', '_');
        for (var i = 1; i < parts.Length; i++)
        {
            if (parts[i].Length is > 0 and < 4 && parts[i].All(char.IsAsciiDigit) && parts[i - 1] is "layer" or "layers" or "h" or "block")
            {
                return parts[i];
            }
        }

        return null;
    }
}
