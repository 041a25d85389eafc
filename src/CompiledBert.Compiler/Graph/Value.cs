namespace CompiledBert.Compiler.Graph;

/// <summary>A tensor in the graph: an input, a constant, or one result of a node.</summary>
public sealed class Value
{
    private readonly List<Node> _users = [];

    internal Value(string name, DataType type, Shape shape)
    {
        Name = name;
        Type = type;
        Shape = shape;
    }

    /// <summary>The name it has in the model, or one derived from it; for people, not an identity.</summary>
    public string Name { get; }

    /// <summary>The element type.</summary>
    public DataType Type { get; internal set; }

    /// <summary>The shape, with symbols for what is known only at run time.</summary>
    public Shape Shape { get; internal set; }

    /// <summary>The elements, where they are constant.</summary>
    public TensorData? Constant { get; internal set; }

    /// <summary>The node that makes it; null for inputs and constants.</summary>
    public Node? Producer { get; internal set; }

    /// <summary>Which result of its node it is.</summary>
    public int OutputIndex { get; internal set; }

    /// <summary>The nodes that use it, each once a use; the graph keeps this true. Being an output of the graph is not among them.</summary>
    public IReadOnlyList<Node> Users => _users;

    /// <summary>Whether the elements are known at compile time.</summary>
    public bool IsConstant => Constant is not null;

    internal void AddUser(Node node) => _users.Add(node);

    internal void RemoveUser(Node node) => _users.RemoveAt(_users.LastIndexOf(node));

    /// <inheritdoc/>
    public override string ToString() => $"{Name}:{Type}{Shape}";
}
