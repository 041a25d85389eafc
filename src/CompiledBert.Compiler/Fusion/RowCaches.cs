using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Fusion;

/// <summary>Where a row is kept: private scratch, or the buffer that it must be stored in anyway.</summary>
internal sealed record RowCache(string? ScratchId, Placement? Place);

/// <summary>
/// Decides which rows of a nest are kept because several of its loops read them. A nest is written once with every row computed where it is read;
/// the counts of that writing say which rows to keep, and it is written again until nothing is computed twice.
/// </summary>
internal sealed class RowCaches
{
    private const int WorthKeeping = 3;

    private readonly Dictionary<Value, RowCache> _kept = [];
    private readonly Dictionary<Value, HashSet<LoopScope>> _computedIn = [];

    /// <summary>Scratch rows, in order.</summary>
    public List<Scratch> Scratch { get; } = [];

    /// <summary>Values that must be filled by a loop of their own, because a loop reads them elsewhere than at its own lane.</summary>
    public HashSet<Value> FilledApart { get; } = [];

    public RowCache? Find(Value value) => _kept.GetValueOrDefault(value);

    /// <summary>Keeps a value's rows in its own buffer: it is stored by this nest besides the nest's result.</summary>
    public void KeepIn(Value value, Placement place) => _kept[value] = new RowCache(null, place);

    /// <summary>Notes that a value is computed in a loop.</summary>
    public void Count(Value value, LoopScope scope)
    {
        if (scope.Kind == LoopKind.Lanes)
        {
            if (!_computedIn.TryGetValue(value, out var scopes))
            {
                _computedIn[value] = scopes = [];
            }

            scopes.Add(scope);
        }
    }

    /// <summary>Chooses more rows to keep from the counts of the last writing; false where there are none.</summary>
    public bool Grow(FusionContext context)
    {
        var counts = _computedIn.ToDictionary(entry => entry.Key, entry => entry.Value.Count);
        _computedIn.Clear();
        var candidates = counts
            .Where(entry => entry.Value > 1 && !_kept.ContainsKey(entry.Key) && entry.Key.Shape.Rank > 0 && !entry.Key.Shape[-1].Is(1))
            .Where(entry => entry.Key.Users.SelectMany(n => n.Outputs).All(user => counts.GetValueOrDefault(user) < entry.Value))
            .OrderByDescending(entry => entry.Value)
            .Select(entry => entry.Key);
        var before = Scratch.Count;
        foreach (var value in candidates)
        {
            // What is computed most often comes first: once it is kept, what is made of it may be cheap enough to compute again.
            if (CostOf(context, value, 0) >= WorthKeeping)
            {
                var id = "row" + Scratch.Count.ToString(System.Globalization.CultureInfo.InvariantCulture);
                Scratch.Add(new Scratch(id, FusionContext.Storage(value.Type), value.Shape[-1]));
                _kept[value] = new RowCache(id, null);
            }
        }

        return Scratch.Count > before;
    }

    /// <summary>Rough operations an element of a value costs where it is computed.</summary>
    private int CostOf(FusionContext context, Value value, int depth)
    {
        if (depth > 32)
        {
            return depth;
        }

        if (value.IsConstant || value.Producer is null || context.IsMaterialized(value) || _kept.ContainsKey(value))
        {
            return value.Shape.Rank == 0 || value.Shape[-1].Is(1) ? 0 : 1;
        }

        if (value.Shape.Rank == 0 || value.Shape[-1].Is(1))
        {
            return 0; // once a row
        }

        if (value.Producer.Operator is Reduce)
        {
            return 100; // a reduction for each element
        }

        var operands = value.Producer.Inputs.OfType<Value>().Sum(input => CostOf(context, input, depth + 1));
        return value.Producer.Operator switch
        {
            Unary { Kind: UnaryKind.Exp or UnaryKind.Log or UnaryKind.Erf or UnaryKind.Tanh or UnaryKind.Sigmoid or UnaryKind.Sin or UnaryKind.Cos
                or UnaryKind.GeluErf or UnaryKind.GeluErfCoarse or UnaryKind.GeluTanh or UnaryKind.Silu or UnaryKind.Softplus } => operands + 8,
            Binary { Kind: BinaryKind.Pow } => operands + 16,
            Reshape or Transpose or Expand or Slice => operands,
            _ => operands + 1,
        };
    }
}
