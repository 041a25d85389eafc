namespace CompiledBert.Compiler.Graph;

/// <summary>
/// A model as typed operators over values with symbolic shapes. Single assignment; nodes are kept in an order in which operands come before their uses.
/// </summary>
public sealed class ModelGraph
{
    private readonly List<Node> _nodes = [];

    /// <summary>The file it came from, for messages.</summary>
    public string? File { get; init; }

    /// <summary>How many nodes the model has as its exporter wrote it.</summary>
    public int SourceNodeCount { get; set; }

    /// <summary>
    /// Whether its matrices have no elements (<see cref="TensorData.Unknown"/>): it can be planned and costed, not computed. Vectors must have theirs.
    /// </summary>
    public bool WeightsUnknown { get; set; }

    /// <summary>What the caller gives, in the model's order.</summary>
    public List<Value> Inputs { get; } = [];

    /// <summary>What the caller gets, in the order asked for, with the names they have outside.</summary>
    public List<(string Name, Value Value)> Outputs { get; } = [];

    /// <summary>The operators in execution order.</summary>
    public IReadOnlyList<Node> Nodes => _nodes;

    /// <summary>Symbols that inputs' shapes introduce, in order of appearance.</summary>
    public List<Symbol> Symbols { get; } = [];

    /// <summary>What must hold when the model runs, such as a length no greater than the rows of a stored table: length ≤ most.</summary>
    public List<(Dim Length, Dim Most)> Limits { get; } = [];

    /// <summary>What was noticed while it was imported that its user should know.</summary>
    public List<Diagnostic> Warnings { get; } = [];

    /// <summary>Adds an input.</summary>
    public Value AddInput(string name, DataType type, Shape shape)
    {
        var value = new Value(name, type, shape);
        Inputs.Add(value);
        return value;
    }

    /// <summary>A constant value; it belongs to the graph once a node uses it.</summary>
    public static Value Constant(string name, TensorData data) =>
        new(name, data.Type, Shape.Of(data.Dims)) { Constant = data };

    /// <summary>A float scalar as a constant.</summary>
    public static Value Constant(float value) =>
        Constant(value.ToString("R", System.Globalization.CultureInfo.InvariantCulture), TensorData.FromFloats([], [value]));

    /// <summary>Adds a node with one result, whose type and shape follow from the operator; see <see cref="ShapeInference"/>.</summary>
    public Value Add(string name, Operator op, IEnumerable<Value?> inputs, IEnumerable<string> origins) =>
        AddNode([name], op, inputs, origins).Output;

    /// <summary>Adds a node; there is one name for each result.</summary>
    public Node AddNode(IReadOnlyList<string> names, Operator op, IEnumerable<Value?> inputs, IEnumerable<string> origins)
    {
        var node = Create(names, op, inputs, origins);
        _nodes.Add(node);
        return node;
    }

    /// <summary>Adds a node with one result in front of another node.</summary>
    public Value InsertBefore(Node position, string name, Operator op, IEnumerable<Value?> inputs, IEnumerable<string> origins)
    {
        var node = Create([name], op, inputs, origins);
        _nodes.Insert(_nodes.IndexOf(position), node);
        return node.Output;
    }

    /// <summary>Lets every user of a value, outputs included, use another of the same type and shape.</summary>
    public void ReplaceUses(Value old, Value replacement)
    {
        foreach (var node in old.Users.Distinct().ToArray())
        {
            if (!ReferenceEquals(node, replacement.Producer))
            {
                node.Replace(old, replacement);
            }
        }

        for (var i = 0; i < Outputs.Count; i++)
        {
            if (ReferenceEquals(Outputs[i].Value, old))
            {
                Outputs[i] = (Outputs[i].Name, replacement);
            }
        }
    }

    /// <summary>
    /// Lets go of a node where nothing uses its results, and of the makers of its operands that nothing uses any more then.
    /// They stay in the list of nodes, marked, until <see cref="Tidy"/>.
    /// </summary>
    public void Release(Node node)
    {
        var pending = new Stack<Node>([node]);
        while (pending.TryPop(out var next))
        {
            if (!next.IsReleased && next.Outputs.All(o => o.Users.Count == 0 && !IsOutput(o)))
            {
                next.Release();
                foreach (var producer in next.Inputs.Select(i => i?.Producer).OfType<Node>())
                {
                    pending.Push(producer);
                }
            }
        }
    }

    /// <summary>Whether a value is one of the graph's outputs.</summary>
    public bool IsOutput(Value value)
    {
        foreach (var (_, output) in Outputs)
        {
            if (ReferenceEquals(output, value))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Replaces a symbol by a dim in every shape and operator: two lengths turned out to be the same.</summary>
    public void Substitute(Symbol symbol, Dim replacement)
    {
        Symbols.RemoveAll(s => s == symbol);
        foreach (var input in Inputs)
        {
            input.Shape = input.Shape.Substitute(symbol, replacement);
        }

        for (var i = 0; i < Limits.Count; i++)
        {
            Limits[i] = (Limits[i].Length.Substitute(symbol, replacement), Limits[i].Most.Substitute(symbol, replacement));
        }

        foreach (var node in _nodes)
        {
            var op = node.Operator switch
            {
                Reshape r => new Reshape(r.To.Substitute(symbol, replacement)),
                Expand e => new Expand(e.To.Substitute(symbol, replacement)),
                Slice s => s with { Start = s.Start.Substitute(symbol, replacement), Length = s.Length.Substitute(symbol, replacement) },
                Iota a => a with { Start = a.Start.Substitute(symbol, replacement), Length = a.Length.Substitute(symbol, replacement) },
                Pad p => new Pad([.. p.Before.Select(d => d.Substitute(symbol, replacement))], [.. p.After.Select(d => d.Substitute(symbol, replacement))]),
                var other => other,
            };
            node.Operator = op;
            foreach (var output in node.Outputs)
            {
                output.Shape = output.Shape.Substitute(symbol, replacement);
            }
        }
    }

    /// <summary>Removes the nodes whose results nothing needs, and sorts the rest by dependency, keeping their order where it is free.</summary>
    public void Tidy()
    {
        var order = new List<Node>();
        var done = new HashSet<Node>();
        var pending = new Stack<(Node Node, bool Entered)>();
        var position = _nodes.Select((node, index) => (node, index)).ToDictionary(p => p.node, p => p.index);
        var roots = Outputs.Select(o => o.Value.Producer).OfType<Node>().OrderBy(n => position[n]);
        foreach (var root in roots.Reverse())
        {
            pending.Push((root, false));
        }

        var needed = new HashSet<Node>();
        while (pending.Count > 0)
        {
            var (node, _) = pending.Pop();
            if (!needed.Add(node))
            {
                continue;
            }

            foreach (var producer in node.Inputs.Select(i => i?.Producer).OfType<Node>())
            {
                pending.Push((producer, false));
            }
        }

        // Depth first over the old order: a node already behind its operands keeps its place.
        foreach (var start in _nodes.Where(needed.Contains))
        {
            pending.Push((start, false));
            while (pending.Count > 0)
            {
                var (node, entered) = pending.Pop();
                if (entered)
                {
                    if (done.Add(node))
                    {
                        order.Add(node);
                    }

                    continue;
                }

                if (done.Contains(node))
                {
                    continue;
                }

                pending.Push((node, true));
                foreach (var producer in node.Inputs.Select(i => i?.Producer).OfType<Node>().Where(p => !done.Contains(p)).Reverse())
                {
                    pending.Push((producer, false));
                }
            }
        }

        foreach (var node in _nodes.Where(n => !n.IsReleased && !needed.Contains(n)))
        {
            node.Release();
        }

        _nodes.Clear();
        _nodes.AddRange(order);
    }

    private static Node Create(IReadOnlyList<string> names, Operator op, IEnumerable<Value?> inputs, IEnumerable<string> origins)
    {
        var node = new Node(op, inputs, origins);
        var types = ShapeInference.Infer(op, node.Inputs, names.Count);
        node.Outputs = [.. names.Zip(types, (name, t) => new Value(name, t.Type, t.Shape) { Producer = node })];
        for (var i = 0; i < node.Outputs.Count; i++)
        {
            node.Outputs[i].OutputIndex = i;
        }

        node.Attach();
        return node;
    }
}
