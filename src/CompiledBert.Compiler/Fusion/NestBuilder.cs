using System.Globalization;
using CompiledBert.Compiler.Evaluation;
using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Fusion;

/// <summary>
/// Writes one loop program that computes a value from what lies in memory, pulling everything in between into it: layout operators become index
/// arithmetic, elementwise operators become expressions, reductions become loops in front. Rows that several loops need are kept in scratch.
/// </summary>
/// <remarks>The fusion of the layer-fusion compiler of Niu et al. (2020, LP-Fusion), in pull form.</remarks>
internal sealed partial class NestBuilder
{
    private readonly FusionContext _context;
    private readonly LoopWriter _writer = new();
    private readonly RowCaches _caches;
    private readonly HashSet<string> _origins = new(StringComparer.Ordinal);
    private readonly Dictionary<Value, int> _numberOf = [];

    public NestBuilder(FusionContext context, RowCaches caches)
    {
        _context = context;
        _caches = caches;
    }

    public LoopWriter Writer => _writer;

    /// <summary>Lets an element of a value be something that the program is given.</summary>
    public void Predefine(Value value, IReadOnlyList<Affine> index, string name) =>
        _writer.Remember(KeyOf(value, index), new Operand(name, DataType.Float32, _writer.DepthOf(index)));

    /// <summary>Whether the program stores the rows of a kept value.</summary>
    public bool HasFilled(Value value) => _rowOf.ContainsKey(value);

    /// <summary>Names of the model's nodes that went into the program.</summary>
    public IReadOnlyCollection<string> Origins => _origins;

    /// <summary>An element of a value as an operand: known, loaded, or computed here.</summary>
    public Operand Read(Value value, IReadOnlyList<Affine> index)
    {
        var key = KeyOf(value, index);
        if (_writer.Find(key) is { } known)
        {
            return known;
        }

        if (value.Constant is { Count: 1 } scalar)
        {
            return Literal(scalar);
        }

        if (_caches.Find(value) is { } cache)
        {
            return ReadCached(value, index, cache, key);
        }

        if (_context.AddressOf(value, index, _writer.ExtentOf) is { } place)
        {
            return _writer.Remember(key, LoadElement(_context.Root(value), place.Buffer, place.Address));
        }

        return _writer.Remember(key, Compute(value, index));
    }

    /// <summary>Computes an element of a value, although it may have a place in memory: this is how that place is filled.</summary>
    public Operand Compute(Value value, IReadOnlyList<Affine> index)
    {
        var node = value.Producer ?? throw new InvalidOperationException($"{value} is made by nothing.");
        if (ViewReader.IsView(node))
        {
            _origins.UnionWith(node.Origins);
            var operand = node.In(0);
            return Read(operand, ViewReader.Through(node, index, _writer.ExtentOf, _context.PlacementOf(operand)?.Strides));
        }

        if (_context.IsMaterialized(value) && _writer.Depth > 0 && _context.PlacementOf(value) is null)
        {
            throw new NotYetException(value);
        }

        _origins.UnionWith(node.Origins);
        _caches.Count(value, _writer.Innermost);
        return node.Operator switch
        {
            Unary { Kind: UnaryKind.Identity } => Read(node.In(0), index),
            Unary unary => Wrap(_writer.Let(FusionContext.Computed(value.Type), NameOf(unary.Kind), Widened(Broadcast(node.In(0), value, index))), value.Type),
            Binary binary => Wrap(_writer.Let(FusionContext.Computed(value.Type), NameOf(binary.Kind), BinaryOperands(node, value, index)), value.Type),
            Select => _writer.Let(FusionContext.Computed(value.Type), "select", Operands(node, value, index)),
            Cast { IsWhole: true } cast => _writer.Let(FusionContext.Storage(cast.To), "cast", Broadcast(node.In(0), value, index)),
            Cast => Wrap(Convert(Broadcast(node.In(0), value, index), FusionContext.Computed(value.Type)), value.Type),
            Reduce reduce => Reduction(value, node, reduce, index),
            Gather gather => ReadGather(node, gather.Axis, index),
            GatherElements gather => ReadGatherElements(node, gather.Axis, index),
            GatherNd gather => ReadGatherNd(node, gather.BatchDims, index),
            Iota iota => ReadIota(iota, index[0]),
            _ => throw new MaterializeException(value),
        };
    }

    /// <summary>An operand of an elementwise operator at the result's index, with broadcast axes at 0.</summary>
    private Operand Broadcast(Value operand, Value result, IReadOnlyList<Affine> index)
    {
        var lead = result.Shape.Rank - operand.Shape.Rank;
        return Read(operand, [.. operand.Shape.Select((dim, axis) => dim.Is(1) ? Affine.Zero : index[lead + axis])]);
    }

    /// <summary>
    /// The operands of an elementwise operator. Those that do not vary along the last axis come first: their reductions then fill the rows that
    /// the others read.
    /// </summary>
    private Operand[] Operands(Node node, Value result, IReadOnlyList<Affine> index)
    {
        var operands = new Operand[node.Inputs.Count];
        foreach (var i in Enumerable.Range(0, operands.Length).OrderBy(i => node.In(i).Shape is { Rank: > 0 } shape && !shape[-1].Is(1)))
        {
            operands[i] = Widened(Broadcast(node.In(i), result, index));
        }

        return operands;
    }

    /// <summary>The operands of a binary operator, the second in the type of the first (a power's exponent may be of another).</summary>
    private Operand[] BinaryOperands(Node node, Value result, IReadOnlyList<Affine> index)
    {
        var operands = Operands(node, result, index);
        operands[1] = Convert(operands[1], FusionContext.Computed(node.In(0).Type));
        return operands;
    }

    private Operand Convert(Operand operand, DataType type) => operand.Type == type ? operand : _writer.Let(type, "cast", operand);

    /// <summary>A result of an integer type that is computed in a wider one, cut to what its type holds.</summary>
    private Operand Wrap(Operand operand, DataType type) =>
        FusionContext.Computed(type) == FusionContext.Storage(type)
            ? operand
            : _writer.Let(operand.Type, "cast", _writer.Let(FusionContext.Storage(type), "cast", operand));

    /// <summary>An element in the type that it is stored in: what only moves or converts it need not widen it.</summary>
    private Operand LoadElement(Value value, string buffer, Affine address) => _writer.Load(FusionContext.Storage(value.Type), buffer, address);

    /// <summary>An operand in the type that arithmetic on it is done in.</summary>
    private Operand Widened(Operand operand) => Convert(operand, FusionContext.Computed(operand.Type));

    /// <summary>Writes an element in the type that it is stored in.</summary>
    private void StoreElement(Value value, string buffer, Affine address, Operand element)
    {
        var stored = FusionContext.Storage(value.Type);
        element = Convert(element, stored);

        // A literal has no type of its own, and is taken for a float.
        _writer.Store(buffer, address, element.IsLiteral && stored != DataType.Float32 ? _writer.Let(stored, "identity", element) : element);
    }

    private Operand Reduction(Value value, Node node, Reduce reduce, IReadOnlyList<Affine> index)
    {
        var operand = node.In(0);
        var kept = index.Where((_, axis) => !reduce.Axes.Contains(axis)).ToList();
        var depth = _writer.DepthOf(kept);
        var around = _writer.VariablesUpTo(depth).Where(v => !_writer.ExtentOf(v)!.Is(1));
        if (around.Any(v => kept.All(i => i.StrideOf(v).Is(0))))
        {
            // It would be computed again for every iteration of a loop that it does not depend on.
            throw new MaterializeException(value);
        }

        return _writer.AtDepth(depth, () =>
        {
            var type = FusionContext.Computed(operand.Type);
            var result = _writer.Accumulator(type, reduce.Kind is ReduceKind.Mean ? "sum" : reduce.Kind.ToString().ToLowerInvariant());
            var inner = (Affine[])[.. index];
            var axes = reduce.Axes.Where(axis => !operand.Shape[axis].Is(1)).ToList();
            foreach (var axis in reduce.Axes)
            {
                inner[axis] = Affine.Zero;
            }

            // The last axis runs over lanes, unless lanes are open already.
            var lanes = depth == 0 && axes.Count > 0 && operand.Shape.Skip(axes[^1] + 1).All(d => d.Is(1)) ? axes[^1] : -1;
            foreach (var axis in axes)
            {
                var kind = axis == lanes ? LoopKind.Lanes : LoopKind.Serial;
                inner[axis] = Affine.Variable(_writer.Open(_writer.NewVariable(kind == LoopKind.Lanes ? "c" : "r"), operand.Shape[axis], kind));
            }

            _writer.Accumulate(result, Widened(Read(operand, inner)));
            foreach (var _ in axes)
            {
                CloseLoop();
            }

            var reduced = reduce.Kind is ReduceKind.Mean
                ? _writer.Let(type, "div", result, Number(axes.Aggregate(Dim.One, (n, axis) => n * operand.Shape[axis]), type))
                : result;
            return Wrap(reduced, operand.Type);
        });
    }

    private Operand ReadGather(Node node, int axis, IReadOnlyList<Affine> index)
    {
        var (data, indices) = (node.In(0), node.In(1));
        var row = IndexValue(indices, [.. index.Skip(axis).Take(indices.Shape.Rank)], data.Shape[axis], isTable: data.IsConstant);
        return Read(data, [.. index.Take(axis), row, .. index.Skip(axis + indices.Shape.Rank)]);
    }

    private Operand ReadGatherElements(Node node, int axis, IReadOnlyList<Affine> index)
    {
        var row = IndexValue(node.In(1), index, node.In(0).Shape[axis]);
        return Read(node.In(0), [.. index.Select((i, a) => a == axis ? row : i)]);
    }

    private Operand ReadGatherNd(Node node, int batchDims, IReadOnlyList<Affine> index)
    {
        var (data, tuples) = (node.In(0), node.In(1));
        var lead = tuples.Shape.Rank - 1;
        var length = (int)tuples.Shape[-1].Value;
        var rows = Enumerable.Range(0, length)
            .Select(i => IndexValue(tuples, [.. index.Take(lead), Affine.Of(i)], data.Shape[batchDims + i]));
        return Read(data, [.. index.Take(batchDims), .. rows, .. index.Skip(lead)]);
    }

    /// <summary>
    /// An element of an index tensor as part of an index. Ids of a table straight from an input are checked before the model runs, and may not be
    /// negative; others are checked here, and may count from the end.
    /// </summary>
    private Affine IndexValue(Value indices, IReadOnlyList<Affine> index, Dim limit, bool isTable = false)
    {
        if (indices.Constant is { Count: 1 } constant)
        {
            var position = Tensor.Of(constant).Integers[0];
            return Affine.Of(position < 0 ? limit + Dim.Of(position) : position);
        }

        var source = indices;
        while (source.Producer?.Operator is Cast { To: DataType.Int32 or DataType.Int64 } or Reshape or Unary { Kind: UnaryKind.Identity })
        {
            source = source.Producer.In(0);
        }

        var value = Convert(Read(indices, index), DataType.Int64);
        var input = _context.Graph.Inputs.IndexOf(source);
        if (isTable && input >= 0 && source.Type.IsInteger() && limit.IsConstant)
        {
            _context.Checks.Add(new IndexCheck(input, 0, limit.Value));
        }
        else if (!isTable || source.Producer?.Operator is not Iota { Step: > 0 } iota || iota.Start.Terms.Any(t => t.Coefficient < 0))
        {
            value = _writer.Let(DataType.Int64, "index", value, Number(limit, DataType.Int64));
        }

        return Affine.Variable(value.Text);
    }

    private Operand ReadIota(Iota iota, Affine index)
    {
        var sum = Number(iota.Start + (index.Offset * Dim.Of(iota.Step)), DataType.Int64);
        foreach (var term in index.Terms)
        {
            var factor = Number(term.Stride * Dim.Of(iota.Step), DataType.Int64);
            var variable = new Operand(term.Variable, DataType.Int64, _writer.DepthOf([Affine.Variable(term.Variable)]));
            var product = factor.Text == "1" ? variable : _writer.Let(DataType.Int64, "mul", variable, factor);
            sum = sum.Text == "0" ? product : _writer.Let(DataType.Int64, "add", sum, product);
        }

        return sum;
    }

    private Operand Number(Dim dim, DataType type)
    {
        if (dim.IsConstant)
        {
            return new Operand(dim.Value.ToString(CultureInfo.InvariantCulture), type, 0);
        }

        var number = _writer.Let(DataType.Int64, "dim", new Operand(dim.ToString(), DataType.Int64, 0));
        return Convert(number, type);
    }

    private static Operand Literal(TensorData scalar)
    {
        var type = FusionContext.Computed(scalar.Type);
        var element = Tensor.Of(scalar);
        var text = type switch
        {
            DataType.Bool => element.Integers[0] != 0 ? "true" : "false",
            DataType.Float32 => element.Floats[0] switch
            {
                float.NaN => "nan",
                float.PositiveInfinity => "inf",
                float.NegativeInfinity => "-inf",
                var value => value.ToString("R", CultureInfo.InvariantCulture),
            },
            DataType.UInt64 => ((ulong)element.Integers[0]).ToString(CultureInfo.InvariantCulture),
            _ => element.Integers[0].ToString(CultureInfo.InvariantCulture),
        };
        return new Operand(text, type, 0);
    }

    /// <summary>What an element is known by. Values that rewriting made often share a name, so each has a number.</summary>
    private string KeyOf(Value value, IReadOnlyList<Affine> index)
    {
        if (!_numberOf.TryGetValue(value, out var number))
        {
            _numberOf.Add(value, number = _numberOf.Count);
        }

        return number.ToString(CultureInfo.InvariantCulture) + "[" + string.Join("; ", index) + "]";
    }

    private static string NameOf<T>(T kind)
        where T : struct, Enum => kind.ToString().ToLowerInvariant();
}
