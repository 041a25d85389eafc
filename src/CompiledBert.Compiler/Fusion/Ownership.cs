using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Fusion;

/// <summary>
/// Which values get memory, and for the others the one value in memory whose nest computes them. Guesses on the side of fusing: the nest builder
/// corrects those that turn out wrong (<see cref="MaterializeException"/>).
/// </summary>
internal sealed class Ownership
{
    /// <summary>What a reduction counts as: it reads a row for each of its results.</summary>
    private const int RowReduction = 100;

    private readonly Dictionary<Value, Value?> _ownerOf = [];

    /// <summary>Values with memory of their own.</summary>
    public HashSet<Value> Materialized { get; } = [];

    public Ownership(ModelGraph graph, IReadOnlyDictionary<Node, AttentionPattern> attention, IEnumerable<Value> forced)
    {
        Materialized.UnionWith(forced);
        foreach (var (_, value) in graph.Outputs)
        {
            Materialized.Add(value);
        }

        foreach (var node in graph.Nodes.Reverse())
        {
            foreach (var value in node.Outputs)
            {
                Decide(value, node, attention);
            }
        }
    }

    /// <summary>The value in memory into whose nest a value goes; itself where it has memory; null where several compute it.</summary>
    public Value? OwnerOf(Value value) => _ownerOf.GetValueOrDefault(value);

    /// <summary>The distinct owners of a value's users.</summary>
    public IReadOnlyList<Value?> UsersOwners(Value value) =>
        [.. value.Users.SelectMany(n => n.Outputs).Select(OwnerOf).Distinct()];

    private void Decide(Value value, Node node, IReadOnlyDictionary<Node, AttentionPattern> attention)
    {
        if (Materialized.Contains(value))
        {
            _ownerOf[value] = value;
            return;
        }

        if (attention.TryGetValue(node, out var pattern) && !ReferenceEquals(node, pattern.Product))
        {
            _ownerOf[value] = pattern.Product.Output;
            return;
        }

        if (ViewReader.IsView(node))
        {
            var through = UsersOwners(value);
            _ownerOf[value] = through.Count == 1 ? through[0] : null;
            return;
        }

        if (node.Operator is QuantizeRows && value.OutputIndex > 0)
        {
            // Rows and their scales are written together.
            Materialized.Add(value);
            _ownerOf[value] = node.Outputs[0];
            return;
        }

        if (IsAnchor(node) || attention.ContainsKey(node) || NeedsMemory(value, node, attention))
        {
            Materialized.Add(value);
            _ownerOf[value] = value;
            return;
        }

        var owners = UsersOwners(value);
        _ownerOf[value] = owners.Count == 1 ? owners[0] : null;
    }

    private bool NeedsMemory(Value value, Node node, IReadOnlyDictionary<Node, AttentionPattern> attention)
    {
        var reads = Reads(value).ToList();
        var users = reads.Select(read => read.User).ToList();

        // Operands of matrix products are read from memory.
        if (users.Any(u => IsProduct(u) && (!attention.TryGetValue(u, out var p) || !IsSide(u, p, value))))
        {
            return true;
        }

        var cost = CostOf(value, 0);
        if (UsersOwners(value) is not [{ } owner])
        {
            return cost > 2;
        }

        // A running sum takes along what is done to each of its elements, and nothing else.
        if (node.Operator is CumSum && !NestBuilder.CarriesScan(owner, value))
        {
            return true;
        }

        // What is made of whole rows is read across them: the rows are finished first, where they are made.
        if (cost >= RowReduction && users.Any(u => u.Operator is Reduce reduce && !reduce.Axes.Contains(NestBuilder.LaneAxis(u.In(0).Shape))))
        {
            return true;
        }

        // In attention's programs a side operand must be cheap to read: only what has a value a score is computed there.
        return users.Any(u => attention.ContainsKey(u) && (node.Operator is Reduce || value.Shape.Elements != u.Output.Shape.Elements) && cost > 1)
            || (node.Operator is not Reduce && cost > 1 && reads.Any(read => Repeats(read.Shape, read.User.Outputs[0].Shape)));
    }

    /// <summary>Whether a user with this shape reads each element again along an axis other than the last.</summary>
    private static bool Repeats(Shape read, Shape shape)
    {
        var lead = shape.Rank - read.Rank;
        return lead >= 0 && NestBuilder.LaneAxis(read) >= 0 && NestBuilder.LaneAxis(read) + lead == shape.Rank - 1
            && Enumerable.Range(0, shape.Rank - 1).Any(axis => !shape[axis].Is(1) && (axis < lead || read[axis - lead].Is(1)));
    }

    /// <summary>The nodes that use a value, directly or through views, and the shape in which they read it, before it is broadcast.</summary>
    private static IEnumerable<(Shape Shape, Node User)> Reads(Value value) => Reads(value, value.Shape);

    private static IEnumerable<(Shape Shape, Node User)> Reads(Value value, Shape shape) =>
        value.Users.SelectMany(user => ViewReader.IsView(user) ? Reads(user.Output, user.Operator is Expand ? shape : user.Output.Shape) : [(shape, user)]);

    private static bool IsProduct(Node node) => node.Operator is Linear or IntegerLinear or MatMul or Conv1d;

    /// <summary>Whether a value reaches a product of attention through the pattern's own elementwise nodes only.</summary>
    private static bool IsSide(Node product, AttentionPattern pattern, Value value) =>
        ReferenceEquals(product, pattern.Product) && value.Producer is { } node && pattern.Inner.Contains(node);

    private static bool IsAnchor(Node node) => IsProduct(node) || NestBuilder.IsRootOnly(node.Operator) || node.Operator is ArgExtremum;

    /// <summary>Rough operations a value costs where it is recomputed; conversions of integers are slow among lanes.</summary>
    private static int CostOf(Value value, int depth)
    {
        if (value.IsConstant || value.Producer is not { } node || depth > 8)
        {
            return value.Shape.Rank == 0 ? 0 : 1;
        }

        return node.Inputs.OfType<Value>().Sum(input => CostOf(input, depth + 1)) + node.Operator switch
        {
            Reshape or Transpose or Expand or Slice => 0,
            Cast when node.In(0).Producer?.Operator is Iota => 0,
            Cast or Gather or GatherElements or GatherNd => 3,
            Reduce or CumSum => RowReduction,
            Unary { Kind: not (UnaryKind.Neg or UnaryKind.Abs or UnaryKind.Relu or UnaryKind.Identity) } => 8,
            _ => 1,
        };
    }
}
