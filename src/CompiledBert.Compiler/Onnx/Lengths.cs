using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Onnx;

/// <summary>What is known about the symbols of a graph while it is imported: their least values, which are equal, and what must hold at run time.</summary>
internal sealed class Lengths(ModelGraph graph)
{
    private readonly HashSet<Symbol> _mayBeZero = [];

    /// <summary>Told of each substitution, so that shape contents follow.</summary>
    public event Action<Symbol, Dim>? Substituted;

    /// <summary>A new symbol with a name not used so far.</summary>
    public Symbol Add(string name, bool mayBeZero)
    {
        var unique = name;
        for (var i = 2; graph.Symbols.Any(s => s.Name == unique); i++)
        {
            unique = name + i.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        var symbol = new Symbol(unique);
        graph.Symbols.Add(symbol);
        if (mayBeZero)
        {
            _mayBeZero.Add(symbol);
        }

        return symbol;
    }

    /// <summary>The least value over all lengths; null where there is none.</summary>
    public long? Least(Dim dim)
    {
        var least = 0L;
        foreach (var term in dim.Terms)
        {
            if (term.Symbols.Count > 0 && term.Coefficient < 0)
            {
                return null;
            }

            least += term.Symbols.Any(_mayBeZero.Contains) ? 0 : term.Coefficient;
        }

        return least;
    }

    /// <summary>The greatest value over all lengths; null where there is none.</summary>
    public long? Greatest(Dim dim) => -Least(Dim.Zero - dim);

    /// <summary>Whether a ≤ b for all lengths (true), for none (false), or neither (null).</summary>
    public bool? AtMost(Dim a, Dim b) => Least(b - a) >= 0 ? true : Greatest(b - a) < 0 ? false : null;

    /// <summary>Whether a = b for all lengths (true), for none (false), or neither (null).</summary>
    public bool? Same(Dim a, Dim b) => a == b ? true : AtMost(a, b - 1) == true || AtMost(b, a - 1) == true ? false : null;

    /// <summary>Whether a ≤ b, taken to hold, and checked at run time, where it depends on the lengths.</summary>
    public bool Assume(Dim a, Dim b)
    {
        if (AtMost(a, b) is { } known)
        {
            return known;
        }

        graph.Limits.Add((a, b));
        return true;
    }

    /// <summary>Makes two lengths equal, where need be by replacing a symbol in the whole graph. False where they cannot be.</summary>
    public bool Unify(Dim a, Dim b)
    {
        if (a == b)
        {
            return true;
        }

        var difference = Primitive(a - b);
        foreach (var symbol in graph.Symbols.AsEnumerable().Reverse())
        {
            var terms = difference.Terms.Where(t => t.Symbols.Contains(symbol)).ToList();
            if (terms is [{ Symbols.Count: 1, Coefficient: 1 or -1 } term])
            {
                var rest = difference - (Dim.Of(symbol) * term.Coefficient);
                var replacement = rest * -term.Coefficient;
                var least = Least(replacement);
                var leading = graph.Symbols.IndexOf(symbol) < 2 && replacement.Symbols.Any();
                if (least < (_mayBeZero.Contains(symbol) ? 0 : 1) || least is null || leading)
                {
                    continue;
                }

                graph.Substitute(symbol, replacement);
                Substituted?.Invoke(symbol, replacement);
                return true;
            }
        }

        return false;
    }

    /// <summary>The polynomial without the factors that all its terms share: 384·B·T − 384·B·S becomes T − S.</summary>
    private static Dim Primitive(Dim dim)
    {
        if (dim.Terms.Count == 0)
        {
            return dim;
        }

        var factor = dim.Terms.Aggregate(0L, (gcd, term) => Gcd(gcd, Math.Abs(term.Coefficient)));
        dim = dim.DivideExactly(factor) ?? dim;
        foreach (var symbol in dim.Symbols.ToList())
        {
            while (dim.Terms.All(t => t.Symbols.Contains(symbol)))
            {
                dim = dim.DivideExactly(Dim.Of(symbol))!;
            }
        }

        return dim;
    }

    private static long Gcd(long a, long b)
    {
        while (b != 0)
        {
            (a, b) = (b, a % b);
        }

        return a;
    }
}
