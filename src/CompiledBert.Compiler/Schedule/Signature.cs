using System.Text;
using CompiledBert.Compiler.Fusion;
using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Schedule;

/// <summary>What callers of a model see: its name, its lengths, its inputs and outputs as C# knows them.</summary>
internal sealed record Signature(
    string Name, IReadOnlyList<PlanSymbol> Symbols, IReadOnlyList<PlanTensor> Inputs, IReadOnlyList<PlanTensor> Outputs, bool IsRagged)
{
    public static Signature Of(ModelGraph graph, CompileOptions options)
    {
        var batch = RoleOf(graph, 0, null);
        var tokens = RoleOf(graph, 1, batch);
        var symbols = graph.Symbols.Select(s => new PlanSymbol(
            s.Name,
            s == batch ? SymbolRole.Batch : s == tokens ? SymbolRole.Tokens : SymbolRole.Other,
            s == batch ? null : LimitOf(graph, s, s == tokens ? options : null))).ToList();

        var taken = new HashSet<string>(StringComparer.Ordinal) { "batch", "lengths", "cancellationToken", "threads" };
        var inputs = graph.Inputs.Select(i => TensorOf(i.Name, i, taken)).ToList();
        var outputs = graph.Outputs.Select(o => TensorOf(o.Name, o.Value, taken)).ToList();

        // Sequences can stand one after the other only if every input and output is [B, T, …] or [B, …]; without B an input has the
        // tokens of one sequence, not of two at once.
        var isRagged = tokens is not null && graph.Symbols.All(s => s == batch || s == tokens)
            && inputs.Concat(outputs).All(t => batch is null
                ? t.Shape.All(d => d.IsConstant || d == Dim.Of(tokens))
                : t.Shape.Count > 0 && t.Shape[0] == Dim.Of(batch) && t.Shape.Skip(1).All(d => d.IsConstant || d == Dim.Of(tokens)));
        isRagged &= batch is not null || inputs.All(i => i.Shape.TakeWhile(d => d.IsConstant).All(d => d == Dim.One) || i.Shape.All(d => d.IsConstant));
        return new Signature(options.Name ?? ModelName.ClassNameFor(options.ModelPath), symbols, inputs, outputs, isRagged);
    }

    /// <summary>The symbol that is an axis by itself in the inputs; the first found.</summary>
    private static Symbol? RoleOf(ModelGraph graph, int axis, Symbol? except) => graph.Inputs
        .Where(i => i.Shape.Rank > axis && i.Type.IsInteger())
        .Concat(graph.Inputs.Where(i => i.Shape.Rank > axis && !i.Type.IsInteger()))
        .Select(i => i.Shape[axis].AsSymbol)
        .FirstOrDefault(s => s is not null && s != except);

    private static long? LimitOf(ModelGraph graph, Symbol symbol, CompileOptions? options)
    {
        var own = TokenLimit.Of(graph, symbol);
        return options?.MaxTokens is { } asked ? Math.Min(asked, own ?? long.MaxValue) : own;
    }

    private static PlanTensor TensorOf(string name, Value value, HashSet<string> taken)
    {
        var identifier = IdentifierOf(name);
        var unique = identifier;
        for (var i = 2; !taken.Add(unique); i++)
        {
            unique = System.FormattableString.Invariant($"{identifier}{i}");
        }

        return new PlanTensor(name, unique, FusionContext.Storage(value.Type), [.. value.Shape]);
    }

    /// <summary>A model's name as a C# parameter: <c>input_ids</c> → <c>inputIds</c>; what is not a letter or digit ends a word.</summary>
    private static string IdentifierOf(string name)
    {
        var text = new StringBuilder();
        var upper = false;
        foreach (var c in name.Take(100))
        {
            if (!char.IsAsciiLetterOrDigit(c))
            {
                upper = text.Length > 0;
                continue;
            }

            text.Append(text.Length == 0 ? char.ToLowerInvariant(c) : upper ? char.ToUpperInvariant(c) : c);
            upper = false;
        }

        var identifier = text.ToString();
        return identifier.Length == 0 || char.IsAsciiDigit(identifier[0]) || CSharpKeywords.Contains(identifier)
            ? "tensor" + identifier
            : identifier;
    }
}
