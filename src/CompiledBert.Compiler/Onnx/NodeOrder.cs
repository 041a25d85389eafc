using CompiledBert.Compiler.Onnx.Schema;

namespace CompiledBert.Compiler.Onnx;

/// <summary>Sorts a graph's nodes by dependency, and checks that every name is defined once and before its use in the end.</summary>
internal sealed class NodeOrder
{
    private readonly string _file;
    private readonly IReadOnlyList<NodeProto> _nodes;
    private readonly Dictionary<string, int> _producers = new(StringComparer.Ordinal);

    /// <summary>Checks the names. <paramref name="given"/> maps names from outside the nodes to what defines them.</summary>
    /// <param name="file">The model, for messages.</param>
    /// <param name="nodes">The nodes of one graph.</param>
    /// <param name="given">What defines a name before the nodes do, or null. Names in the same graph must differ from these.</param>
    /// <param name="outer">Whether a name is defined in a graph around this one.</param>
    public NodeOrder(string file, IReadOnlyList<NodeProto> nodes, IReadOnlyDictionary<string, string> given, Func<string, bool> outer)
    {
        _file = file;
        _nodes = nodes;
        for (var i = 0; i < nodes.Count; i++)
        {
            foreach (var output in nodes[i].Output.Where(o => o.Length > 0))
            {
                if (given.TryGetValue(output, out var first))
                {
                    throw Duplicate(output, first, nodes[i]);
                }

                if (!_producers.TryAdd(output, i))
                {
                    throw Duplicate(output, "node " + Describe(nodes[_producers[output]]), nodes[i]);
                }
            }
        }

        foreach (var node in nodes)
        {
            var at = 0;
            foreach (var input in Uses(node))
            {
                if (!_producers.ContainsKey(input) && !given.ContainsKey(input) && !outer(input))
                {
                    throw DiagnosticTable.UndefinedValue.Error(file, NameOf(node), $"Input {at} of {node.OpType}", Diagnostic.Abbreviate(input));
                }

                at++;
            }
        }

        Ordered = Sort(Enumerable.Range(0, nodes.Count));
    }

    /// <summary>All nodes, each after those it depends on.</summary>
    public IReadOnlyList<NodeProto> Ordered { get; }

    /// <summary>Whether a node makes the name.</summary>
    public bool Makes(string name) => _producers.ContainsKey(name);

    /// <summary>The nodes that the given names need, in order.</summary>
    public IReadOnlyList<NodeProto> NeededFor(IEnumerable<string> names) =>
        Sort(names.Where(_producers.ContainsKey).Select(n => _producers[n]).Distinct().Order());

    /// <summary>The name of a node, or of its first output where it has none.</summary>
    public static string NameOf(NodeProto node) => node.Name.Length > 0 ? node.Name : node.Output.FirstOrDefault(o => o.Length > 0) ?? node.OpType;

    /// <summary>Names a node uses: its inputs and what its subgraphs take from outside.</summary>
    private static IEnumerable<string> Uses(NodeProto node)
    {
        foreach (var input in node.Input.Where(i => i.Length > 0))
        {
            yield return input;
        }

        foreach (var graph in Subgraphs(node))
        {
            foreach (var name in Captures(graph))
            {
                yield return name;
            }
        }
    }

    private static HashSet<string> Captures(GraphProto graph)
    {
        var defined = new HashSet<string>(graph.Input.Select(i => i.Name), StringComparer.Ordinal);
        defined.UnionWith(graph.Initializer.Select(i => i.Name));
        defined.UnionWith(graph.SparseInitializer.Select(i => i.Values?.Name ?? ""));
        defined.UnionWith(graph.Node.SelectMany(n => n.Output));
        var used = new HashSet<string>(graph.Node.SelectMany(Uses).Concat(graph.Output.Select(o => o.Name)), StringComparer.Ordinal);
        used.ExceptWith(defined);
        return used;
    }

    private static IEnumerable<GraphProto> Subgraphs(NodeProto node) => node.Attribute.SelectMany(a => a.G is null ? a.Graphs : a.Graphs.Prepend(a.G));

    private List<NodeProto> Sort(IEnumerable<int> roots)
    {
        var order = new List<NodeProto>();
        var state = new byte[_nodes.Count]; // 1 while its operands are visited, 2 when placed
        var path = new Stack<(int Node, IEnumerator<string> Inputs)>();
        foreach (var root in roots)
        {
            if (state[root] == 0)
            {
                state[root] = 1;
                path.Push((root, Uses(_nodes[root]).GetEnumerator()));
            }

            while (path.Count > 0)
            {
                var (node, inputs) = path.Peek();
                if (!inputs.MoveNext())
                {
                    inputs.Dispose();
                    path.Pop();
                    state[node] = 2;
                    order.Add(_nodes[node]);
                }
                else if (_producers.TryGetValue(inputs.Current, out var producer) && state[producer] != 2)
                {
                    if (state[producer] == 1)
                    {
                        throw Cycle(path.Select(p => p.Node).Reverse().SkipWhile(n => n != producer).Append(producer));
                    }

                    state[producer] = 1;
                    path.Push((producer, Uses(_nodes[producer]).GetEnumerator()));
                }
            }
        }

        return order;
    }

    private CompileException Cycle(IEnumerable<int> nodes)
    {
        // The walk goes from use to operand; data flows the other way.
        var names = nodes.Reverse().Select(n => Diagnostic.Abbreviate(NameOf(_nodes[n]))).ToList();
        var shown = names.Count <= 12 ? names : [.. names.Take(8), "…", .. names.TakeLast(3)];
        return DiagnosticTable.Cycle.Error(_file, names[0], string.Join(" -> ", shown));
    }

    private CompileException Duplicate(string name, string first, NodeProto second) =>
        DiagnosticTable.DuplicateName.Error(_file, NameOf(second), Diagnostic.Abbreviate(name), first, "node " + Describe(second));

    private static string Describe(NodeProto node) => $"'{Diagnostic.Abbreviate(NameOf(node))}' ({Diagnostic.Abbreviate(node.OpType)})";
}
