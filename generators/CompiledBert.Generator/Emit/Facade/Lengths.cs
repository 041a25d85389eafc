using CompiledBert.Compiler;
using CompiledBert.Generator.Emit.Loops;

namespace CompiledBert.Generator.Emit.Facade;

/// <summary>
/// Sizes of buffers as C# over the products of symbols that occur in them, one variable a product: <c>384 * B_T</c>. For a rectangle <c>B_T</c> is B·T. For
/// sequences that lie one after the other it is the sum of their tokens: the same expressions then give sizes, and, over the sequences before one, offsets.
/// </summary>
internal sealed class Lengths
{
    /// <summary>Variable of the number of things where a size has a constant term beside products: 1, or the number of sequences.</summary>
    private const string Each = "_1";

    private readonly SortedDictionary<string, IReadOnlyList<Symbol>> _products = new(StringComparer.Ordinal);

    /// <summary>Collects the products of a plan's inputs, outputs and arena.</summary>
    public Lengths(ModelPlan plan)
    {
        Plan = plan;
        foreach (var buffer in plan.Buffers.Where(b => b.Kind != BufferKind.Weights && !b.Elements.IsConstant))
        {
            foreach (var term in buffer.Elements.Terms)
            {
                _products[Variable(term.Symbols)] = term.Symbols;
            }
        }
    }

    /// <summary>The plan.</summary>
    public ModelPlan Plan { get; }

    /// <summary>The variables, sorted.</summary>
    public IEnumerable<string> Variables => _products.Keys;

    /// <summary>The symbol of a role; null where the plan has none.</summary>
    public PlanSymbol? Symbol(SymbolRole role) => Plan.Symbols.FirstOrDefault(s => s.Role == role);

    /// <summary>Values of the variables for a rectangle, over the symbols.</summary>
    public IEnumerable<string> OfRectangle => _products.Values.Select(symbols => symbols.Count == 0 ? "1" : string.Join(" * ", symbols.Select(s => s.Name)));

    /// <summary>
    /// Values of the variables for concatenated sequences: <c>sum0</c> for their number, <c>sum1</c> for their tokens, <c>sum2</c> for the squares.
    /// </summary>
    public IEnumerable<string> OfSequences => _products.Values.Select(Sum);

    /// <summary>The highest power of tokens that occurs, at least 1.</summary>
    public int Degree => Math.Max(1, _products.Values.Select(Power).DefaultIfEmpty(0).Max());

    /// <summary>The size as C# over the variables.</summary>
    public static string Text(Dim size)
    {
        if (size.IsConstant)
        {
            return LoopNames.Text(size.Value);
        }

        var terms = size.Terms.Select(t => t.Coefficient == 1 ? Variable(t.Symbols) : $"{LoopNames.Text(t.Coefficient)} * {Variable(t.Symbols)}");
        return string.Join(" + ", terms);
    }

    /// <summary>The size of concatenated sequences as C# over the sums.</summary>
    public string OfSequencesText(Dim size)
    {
        if (size.IsConstant)
        {
            return LoopNames.Text(size.Value);
        }

        return string.Join(" + ", size.Terms.Select(t => t.Coefficient == 1 ? Sum(t.Symbols) : $"{LoopNames.Text(t.Coefficient)} * {Sum(t.Symbols)}"));
    }

    private static string Variable(IReadOnlyList<Symbol> symbols) => symbols.Count switch
    {
        0 => Each,
        1 => symbols[0].Name,
        _ => string.Join("_", symbols.Select(s => s.Name)),
    };

    private int Power(IReadOnlyList<Symbol> symbols)
    {
        var tokens = Symbol(SymbolRole.Tokens)?.Name;
        return symbols.Count(s => s.Name == tokens);
    }

    private string Sum(IReadOnlyList<Symbol> symbols) => "sum" + LoopNames.Text(Power(symbols));
}
