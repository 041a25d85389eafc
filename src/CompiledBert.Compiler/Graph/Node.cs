namespace CompiledBert.Compiler.Graph;

/// <summary>An operator applied to values.</summary>
public sealed class Node
{
    private readonly Value?[] _inputs;

    internal Node(Operator op, IEnumerable<Value?> inputs, IEnumerable<string> origins)
    {
        Operator = op;
        _inputs = [.. inputs];
        Origins = [.. origins.Distinct(StringComparer.Ordinal)];
    }

    /// <summary>What is computed.</summary>
    public Operator Operator { get; internal set; }

    /// <summary>The operands; null for an optional one that is absent.</summary>
    public IReadOnlyList<Value?> Inputs => _inputs;

    /// <summary>The results.</summary>
    public IReadOnlyList<Value> Outputs { get; internal set; } = [];

    /// <summary>The only result. Throws where there are several.</summary>
    public Value Output => Outputs.Single();

    /// <summary>Names of the model's nodes that this one stands for; kept through every pass into the emitted comments and the report.</summary>
    public IReadOnlyList<string> Origins { get; internal set; }

    /// <summary>Whether the graph let go of it because nothing used its results; it is gone from the list of nodes once the graph is tidied.</summary>
    public bool IsReleased { get; private set; }

    /// <summary>The operand at an index, which must be present.</summary>
    public Value In(int index) => _inputs[index] ?? throw new InvalidOperationException($"Input {index} of {Operator.Name} is absent.");

    internal void Replace(Value old, Value replacement)
    {
        for (var i = 0; i < _inputs.Length; i++)
        {
            if (ReferenceEquals(_inputs[i], old))
            {
                _inputs[i] = replacement;
                old.RemoveUser(this);
                replacement.AddUser(this);
            }
        }
    }

    internal void Attach()
    {
        foreach (var input in _inputs)
        {
            input?.AddUser(this);
        }
    }

    internal void Release()
    {
        IsReleased = true;
        foreach (var input in _inputs)
        {
            input?.RemoveUser(this);
        }
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"{string.Join(", ", Outputs)} = {Operator}({string.Join(", ", _inputs.Select(i => i?.Name ?? "-"))})";
}
