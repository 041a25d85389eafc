using CompiledBert.Compiler.Onnx.Schema;

namespace CompiledBert.Compiler.Onnx;

/// <summary>Names that nodes see: those of their own graph, then those of the graphs around it.</summary>
internal sealed class Scope(Scope? outer)
{
    private readonly Dictionary<string, Operand> _values = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Func<Operand>> _initializers = new(StringComparer.Ordinal);

    /// <summary>The version of each domain that the nodes are written for.</summary>
    public IReadOnlyDictionary<string, long> Opsets { get; init; } = outer?.Opsets ?? new Dictionary<string, long>(StringComparer.Ordinal);

    /// <summary>In a function: the attributes of the call, which the body's nodes refer to by name.</summary>
    public IReadOnlyDictionary<string, AttributeProto> Attributes { get; init; } =
        outer?.Attributes ?? new Dictionary<string, AttributeProto>(StringComparer.Ordinal);

    /// <summary>Names of the calls around, each followed by a slash.</summary>
    public string Prefix { get; init; } = outer?.Prefix ?? "";

    /// <summary>How many calls and branches are around.</summary>
    public int Depth { get; } = outer is null ? 0 : outer.Depth + 1;

    /// <summary>The operand of a name, or null.</summary>
    public Operand? Find(string name)
    {
        if (_values.TryGetValue(name, out var value))
        {
            return value;
        }

        return _initializers.TryGetValue(name, out var load) ? _values[name] = load() : outer?.Find(name);
    }

    /// <summary>Gives a name to an operand.</summary>
    public void Define(string name, Operand operand) => _values[name] = operand;

    /// <summary>Gives a name to a tensor that is loaded when it is first used.</summary>
    public void DefineLazily(string name, Func<Operand> load) => _initializers[name] = load;
}
