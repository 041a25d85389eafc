using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Fusion;

/// <summary>What fusion knows while it writes steps: where values lie, and which of them must lie somewhere.</summary>
internal sealed class FusionContext(ModelGraph graph, IReadOnlySet<Value> materialized)
{
    private Dictionary<Value, Placement> _placements = [];

    public ModelGraph Graph { get; } = graph;

    public BufferTable Buffers { get; private set; } = new();

    /// <summary>Inputs that are indices of a table, with the number of its rows.</summary>
    public List<IndexCheck> Checks { get; private set; } = [];

    /// <summary>A context for an attempt: what it adds is seen here only if it is accepted.</summary>
    public FusionContext Branch() => new(Graph, materialized) { _placements = new(_placements), Buffers = Buffers.Copy(), Checks = [.. Checks] };

    /// <summary>Takes over what an attempt has added.</summary>
    public void Accept(FusionContext attempt) => (_placements, Buffers, Checks) = (attempt._placements, attempt.Buffers, attempt.Checks);

    /// <summary>Whether a value gets a buffer of its own.</summary>
    public bool IsMaterialized(Value value) => materialized.Contains(value);

    /// <summary>Where a value lies; null where it has no memory, or not yet.</summary>
    public Placement? PlacementOf(Value value)
    {
        if (_placements.TryGetValue(value, out var placement))
        {
            return placement;
        }

        if (value.IsConstant)
        {
            return Place(value, new Placement(Buffers.WeightsOf(value, WeightLayout.Plain), Dim.Zero, BufferTable.RowMajor(value.Shape)));
        }

        var input = Graph.Inputs.IndexOf(value);
        return input < 0
            ? null
            : Place(
                value, new Placement("in" + input.ToString(System.Globalization.CultureInfo.InvariantCulture), Dim.Zero, BufferTable.RowMajor(value.Shape)));
    }

    /// <summary>Records where a value lies.</summary>
    public Placement Place(Value value, Placement placement) => _placements[value] = placement;

    /// <summary>Gives a value a buffer: the output's where it is one, else a new one in the arena.</summary>
    public Placement Allocate(Value value)
    {
        var output = Graph.Outputs.FindIndex(o => ReferenceEquals(o.Value, value));
        var buffer = output >= 0
            ? "out" + output.ToString(System.Globalization.CultureInfo.InvariantCulture)
            : Buffers.AddArena(Storage(value.Type), value.Shape.Elements);
        return Place(value, new Placement(buffer, Dim.Zero, BufferTable.RowMajor(value.Shape)));
    }

    /// <summary>
    /// Gives a value a buffer in the order in which <paramref name="last"/>, its only reader's view of it, is row-major.
    /// </summary>
    public Placement AllocateAs(Value value, Value last, IReadOnlyList<Dim> strides)
    {
        var whole = Allocate(last);
        return ReferenceEquals(value, last) ? whole : Place(value, new Placement(whole.Buffer, whole.Offset, strides));
    }

    /// <summary>The value behind views, stopping at those with memory of their own.</summary>
    public Value Root(Value value) => ViewReader.Root(value, v => v.IsConstant || IsMaterialized(v) || _placements.ContainsKey(v));

    /// <summary>
    /// The address of an element of a value that lies in memory, possibly behind views. Null where it does not lie in memory;
    /// throws <see cref="MaterializeException"/> where no affine address exists.
    /// </summary>
    public (string Buffer, Affine Address)? AddressOf(Value value, IReadOnlyList<Affine> index, Func<string, Dim?> extentOf)
    {
        while (true)
        {
            if (PlacementOf(value) is { } place)
            {
                var address = Affine.Of(place.Offset);
                for (var axis = 0; axis < index.Count; axis++)
                {
                    address += index[axis] * place.Strides[axis];
                }

                return (place.Buffer, address);
            }

            if (!ViewReader.IsView(value.Producer))
            {
                return null;
            }

            var operand = value.Producer!.In(0);
            index = ViewReader.Through(value.Producer, index, extentOf, PlacementOf(operand)?.Strides);
            value = operand;
        }
    }

    /// <summary>How elements of a type are stored while the model runs: all floating point in 32 bits.</summary>
    public static DataType Storage(DataType type) => type.IsFloat() ? DataType.Float32 : type;

    /// <summary>What elements of a type are in loop programs: integers of less than 32 bits, and unsigned ones of 32, are computed in 64.</summary>
    public static DataType Computed(DataType type) => Storage(type) switch
    {
        DataType.Float32 or DataType.Bool or DataType.Int32 or DataType.Int64 or DataType.UInt64 => Storage(type),
        _ => DataType.Int64,
    };
}
