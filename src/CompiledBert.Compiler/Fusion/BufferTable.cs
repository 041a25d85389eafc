using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Fusion;

/// <summary>A value's place in memory: element (i…) at <c>Offset + Σ i·Stride</c> of a buffer.</summary>
internal sealed record Placement(string Buffer, Dim Offset, IReadOnlyList<Dim> Strides);

/// <summary>How a constant is laid out in the weights blob.</summary>
internal enum WeightLayout
{
    /// <summary>Row-major, as it is; 16-bit floats widened.</summary>
    Plain,

    /// <summary>Matrices [K, N] in panels of 16 columns, those of batch axes one after the other.</summary>
    Panels,

    /// <summary>
    /// A matrix [K, N] of 8-bit integers in panels <c>[⌈N/16⌉][⌈K/4⌉][16][4]</c>, padded with zeros, and the sums of its columns as Int32 behind it.
    /// </summary>
    IntegerPanels,

    /// <summary>A vector padded with zeros to a multiple of 16.</summary>
    PaddedVector,
}

/// <summary>A constant that the steps read.</summary>
/// <param name="Buffer">Its buffer in the plan.</param>
/// <param name="Data">Its elements.</param>
/// <param name="Layout">How they are laid out.</param>
/// <param name="Name">What the model, or the pass that made it, calls it: for people.</param>
internal sealed record WeightRequest(string Buffer, TensorData Data, WeightLayout Layout, string Name = "");

/// <summary>Buffers as fusion names them; slots and offsets are assigned later by the schedule and the packing.</summary>
internal sealed class BufferTable
{
    private Dictionary<(object, WeightLayout), string> _weights = [];
    private Dictionary<string, (DataType Type, Dim Elements)> _arena = new(StringComparer.Ordinal);

    /// <summary>Constants in the order of first use.</summary>
    public List<WeightRequest> Weights { get; private set; } = [];

    /// <summary>Buffers in the arena in order of creation, with their types and sizes.</summary>
    public IReadOnlyDictionary<string, (DataType Type, Dim Elements)> Arena => _arena;

    /// <summary>A table to try something with.</summary>
    public BufferTable Copy() => new() { _weights = new(_weights), _arena = new(_arena, StringComparer.Ordinal), Weights = [.. Weights] };

    /// <summary>Creates a buffer in the arena.</summary>
    public string AddArena(DataType type, Dim elements)
    {
        var id = "a" + _arena.Count.ToString(System.Globalization.CultureInfo.InvariantCulture);
        _arena.Add(id, (type, elements));
        return id;
    }

    /// <summary>The buffer of a constant.</summary>
    public string WeightsOf(Value constant, WeightLayout layout)
    {
        var data = constant.Constant!;
        if (!_weights.TryGetValue((data.Identity, layout), out var id))
        {
            id = "w" + Weights.Count.ToString(System.Globalization.CultureInfo.InvariantCulture);
            _weights.Add((data.Identity, layout), id);
            Weights.Add(new WeightRequest(id, data, layout, constant.Name));
        }

        return id;
    }

    /// <summary>Strides of a row-major tensor.</summary>
    public static Dim[] RowMajor(IReadOnlyList<Dim> shape)
    {
        var strides = new Dim[shape.Count];
        var stride = Dim.One;
        for (var axis = shape.Count - 1; axis >= 0; axis--)
        {
            strides[axis] = stride;
            stride *= shape[axis];
        }

        return strides;
    }
}
