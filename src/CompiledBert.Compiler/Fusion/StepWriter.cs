using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Fusion;

/// <summary>Writes the steps of a graph in its order, each value with memory once, nests drawn into the product before them where they fit.</summary>
internal sealed class StepWriter
{
    private readonly ModelGraph _graph;
    private readonly Dictionary<Node, AttentionPattern> _attention;
    private readonly Ownership _ownership;
    private readonly FusionContext _context;
    private readonly HashSet<Value> _done = [];
    private readonly List<Step> _steps = [];

    public StepWriter(ModelGraph graph, IReadOnlyCollection<Value> forced)
    {
        _graph = graph;
        _attention = FusionStage.FindAttention(graph);
        _ownership = new Ownership(graph, _attention, forced);
        _context = new FusionContext(graph, _ownership.Materialized);
    }

    public FusedModel Run()
    {
        foreach (var node in _graph.Nodes)
        {
            foreach (var value in node.Outputs.Where(v => _ownership.Materialized.Contains(v) && !_done.Contains(v)))
            {
                Write(value, node);
            }
        }

        return new FusedModel(_steps, _context.Buffers, [.. _context.Checks.Distinct().OrderBy(c => c.Input).ThenBy(c => c.High)]);
    }

    private void Write(Value value, Node node)
    {
        if (_attention.TryGetValue(node, out var pattern))
        {
            _steps.Add(AttentionWriter.Write(pattern, _context, _done));
        }
        else if (node.Operator is Linear or IntegerLinear)
        {
            WriteLinear(node);
        }
        else if (node.Operator is MatMul)
        {
            _steps.Add(MatMulWriter.Write(node, _context, _done));
        }
        else
        {
            WriteNest(value);
        }

        _done.Add(value);
    }

    private void WriteNest(Value value)
    {
        foreach (var (root, kept) in Candidates(value))
        {
            if (NestWriter.TryWrite(root, kept, null, _context) is { } nest)
            {
                _steps.Add(nest.ToStep(_graph));
                Accept(nest, root, kept);
                return;
            }
        }

        throw new MaterializeException(value);
    }

    private void WriteLinear(Node node)
    {
        var result = node.Output;
        if (!_graph.IsOutput(result) && _ownership.UsersOwners(result) is [{ } owner] && !ReferenceEquals(owner, result) && !_done.Contains(owner)
            && IsNest(owner))
        {
            foreach (var (root, kept) in Candidates(owner))
            {
                if (LinearWriter.TryWriteWith(node, root, kept, _context) is { } fused)
                {
                    _steps.Add(fused.Step);
                    Accept(fused.Nest, root, kept);
                    return;
                }
            }
        }

        _steps.Add(LinearWriter.Write(node, _context, _done));
    }

    private bool IsNest(Value value) =>
        value.Producer is { } producer && producer.Operator is not (MatMul or Linear or IntegerLinear) && !_attention.ContainsKey(producer);

    /// <summary>
    /// What to compute in one pass: first a normalisation that reads the value together with the value, which is then stored on the way
    /// (residual + norm); then the value alone.
    /// </summary>
    private IEnumerable<(Value Root, Value? Kept)> Candidates(Value value)
    {
        if (value.Shape.Rank > 0 && !ViewReader.IsView(value.Producer) && !NestBuilder.IsRootOnly(value.Producer!.Operator))
        {
            var readers = _ownership.UsersOwners(value)
                .OfType<Value>()
                .Where(r => !ReferenceEquals(r, value) && !_done.Contains(r) && IsNest(r)
                    && r.Shape == value.Shape && !NestBuilder.IsRootOnly(r.Producer!.Operator));
            foreach (var reader in readers)
            {
                yield return (reader, value);
            }
        }

        yield return (value, null);
    }

    private void Accept(NestDraft nest, Value root, Value? kept)
    {
        _context.Accept(nest.Context);
        _done.Add(root);
        _done.UnionWith(nest.AlsoPlaced);
        if (kept is not null)
        {
            _done.Add(kept);
        }
    }
}
