using System.Globalization;
using CompiledBert.Compiler;

namespace CompiledBert.Generator.Emit.Loops;

/// <summary>What the names of a loop program are in the C# around the place that is being written.</summary>
internal sealed class LoopNames
{
    private readonly LoopScope _scope;
    private readonly Dictionary<string, (DataType Type, string Text)> _values = new(StringComparer.Ordinal);

    /// <summary>Creates the names of a program in a scope.</summary>
    public LoopNames(LoopScope scope)
    {
        _scope = scope;
        foreach (var variable in scope.Variables)
        {
            _values[variable.Key] = (DataType.Int64, variable.Value);
        }
    }

    /// <summary>
    /// The local that a program's name becomes. The underscore keeps it apart from the names around the program; a suffix tells its forms apart.
    /// </summary>
    public static string Local(string id, string suffix = "") => suffix.Length == 0 ? "_" + id : $"_{id}__{suffix}";

    /// <summary>A number as C#.</summary>
    public static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>Binds a name to a scalar expression.</summary>
    public void Bind(string id, DataType type, string text) => _values[id] = (type, text);

    /// <summary>A copy that can be bound anew without changing this one.</summary>
    public LoopNames Fork()
    {
        var fork = new LoopNames(_scope);
        foreach (var value in _values)
        {
            fork._values[value.Key] = value.Value;
        }

        return fork;
    }

    /// <summary>The type of a value; loop variables are Int64.</summary>
    public DataType TypeOf(string id) => Find(id).Type;

    /// <summary>The C# expression of an argument: a value, or a literal of the type.</summary>
    public string Scalar(string argument, DataType type)
    {
        if (Literal.Is(argument))
        {
            var literal = Literal.Text(argument, type);
            return literal[0] == '-' ? $"({literal})" : literal;
        }

        var (actual, text) = Find(argument);
        return actual == type ? text : throw new EmitException($"'{argument}' is {actual} where {type} is meant");
    }

    /// <summary>The pointer to a buffer's first element, as C#.</summary>
    public string Pointer(string buffer, DataType type)
    {
        var text = _scope.Pointers.TryGetValue(buffer, out var pointer) ? pointer : "f->" + buffer;
        return $"({ElementTypes.Memory(type)}*){text}";
    }

    /// <summary>An element as C#: an expression that can be read and assigned.</summary>
    public string Element(Access access, DataType type) => $"({Pointer(access.Buffer, type)})[{Address(access)}]";

    /// <summary>The index of an element as C#, leaving out one variable's part.</summary>
    public string Address(Access access, string? without = null)
    {
        var parts = new List<string>();
        if (!access.Offset.Is(0))
        {
            parts.Add(access.Offset.ToString());
        }

        foreach (var term in access.Terms.Where(t => t.Variable != without && !t.Stride.Is(0)))
        {
            var variable = Scalar(term.Variable, DataType.Int64);
            parts.Add(term.Stride.Is(1) ? variable : $"{variable} * {Factor(term.Stride)}");
        }

        return parts.Count == 0 ? "0" : string.Join(" + ", parts);
    }

    private static string Factor(Dim dim) => dim.Terms.Count == 1 && dim.Terms[0].Coefficient > 0 ? dim.ToString() : $"({dim})";

    private (DataType Type, string Text) Find(string id) =>
        _values.TryGetValue(id, out var value) ? value : throw new EmitException($"there is no value '{id}' here");
}
