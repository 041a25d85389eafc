using CompiledBert.Compiler;

namespace CompiledBert.Generator.Emit.Loops;

/// <summary>Writes loop programs as C#: scalar statements and plain loops here, loops of lanes through <see cref="LanesEmitter"/>.</summary>
internal sealed class LoopEmitter
{
    private readonly CodeWriter _writer;
    private readonly MicroKernels _kernels;
    private readonly LoopNames _names;
    private readonly string _step;
    private readonly string _suffix;
    private readonly bool _insideLanes;
    private readonly Dictionary<string, Accumulator> _accumulators = new(StringComparer.Ordinal);

    /// <summary>Creates an emitter for the place where the writer stands.</summary>
    /// <param name="writer">Where to write.</param>
    /// <param name="kernels">The variant's registry.</param>
    /// <param name="names">What is named around that place.</param>
    /// <param name="step">What the program is a part of, for exceptions at run time.</param>
    /// <param name="suffix">Suffix of the locals it declares.</param>
    /// <param name="insideLanes">Whether the place is within a loop of lanes, so that there are no further ones.</param>
    public LoopEmitter(CodeWriter writer, MicroKernels kernels, LoopNames names, string step, string suffix = "", bool insideLanes = false)
    {
        _writer = writer;
        _kernels = kernels;
        _names = names;
        _step = step;
        _suffix = suffix;
        _insideLanes = insideLanes;
    }

    /// <summary>
    /// Writes a loop's body for its variable from <paramref name="first"/> to <paramref name="end"/> − 1. A loop of lanes becomes vector code whose last,
    /// partial vector uses the same operations as a full one.
    /// </summary>
    /// <param name="writer">Where to write.</param>
    /// <param name="target">The variant.</param>
    /// <param name="kernels">The variant's registry.</param>
    /// <param name="scope">What the program may name that is declared around it.</param>
    /// <param name="loop">The loop.</param>
    /// <param name="first">C# expression of type long.</param>
    /// <param name="end">C# expression of type long.</param>
    public static void WriteRange(CodeWriter writer, VectorTarget target, MicroKernels kernels, LoopScope scope, Loop loop, string first, string end)
    {
        System.Diagnostics.Debug.Assert(target == kernels.Target, "The registry belongs to the variant.");
        new LoopEmitter(writer, kernels, new LoopNames(scope), scope.Step).Range(loop, first, end);
    }

    /// <summary>Writes statements one after the other.</summary>
    public static void WriteStatements(CodeWriter writer, MicroKernels kernels, LoopScope scope, IReadOnlyList<Statement> statements) =>
        new LoopEmitter(writer, kernels, new LoopNames(scope), scope.Step).Statements(statements);

    /// <summary>Writes statements one after the other.</summary>
    public void Statements(IEnumerable<Statement> statements)
    {
        foreach (var statement in statements)
        {
            Statement(statement);
        }
    }

    /// <summary>Writes one statement.</summary>
    public void Statement(Statement statement)
    {
        switch (statement)
        {
            case Loop loop:
                Range(loop, "0", loop.Extent.ToString());
                break;
            case Let let:
                Declare(let.Id, let.Type, Value(let));
                break;
            case Load load:
                Declare(load.Id, load.Type, _names.Element(load.From, load.Type) + (load.Type == DataType.Bool ? " != 0" : ""));
                break;
            case Store store:
                Store(store);
                break;
            case Accumulator accumulator:
                _accumulators[accumulator.Id] = accumulator;
                Declare(accumulator.Id, accumulator.Type, LoopTypes.Neutral(accumulator.Kind, accumulator.Type));
                break;
            case Accumulate accumulate:
                Feed(AccumulatorOf(accumulate), _names.Scalar(accumulate.Value, AccumulatorOf(accumulate).Type));
                break;
            default:
                throw new EmitException($"a statement of the unknown kind {statement.GetType().Name}");
        }
    }

    /// <summary>Makes an accumulator known that is declared around the place.</summary>
    public void Know(Accumulator accumulator) => _accumulators[accumulator.Id] = accumulator;

    /// <summary>The accumulator that a statement feeds.</summary>
    public Accumulator AccumulatorOf(Accumulate accumulate) =>
        _accumulators.TryGetValue(accumulate.Accumulator, out var found)
            ? found
            : throw new EmitException($"there is no accumulator '{accumulate.Accumulator}' here");

    /// <summary>Whether an accumulator is known by this name.</summary>
    public bool Knows(string accumulator) => _accumulators.ContainsKey(accumulator);

    /// <summary>Writes the statement that adds to an accumulator.</summary>
    public void Feed(Accumulator accumulator, string value)
    {
        var sum = _names.Scalar(accumulator.Id, accumulator.Type);
        _writer.Line($"{sum} = {ScalarOps.Text(LoopTypes.Operation(accumulator.Kind), accumulator.Type, accumulator.Type, [sum, value], _kernels)};");
    }

    /// <summary>The C# expression of an operation.</summary>
    public string Value(Let let)
    {
        switch (let.Op)
        {
            case "dim" when let.Args.Count == 1 && let.Type == DataType.Int64:
                return Dimension(let.Args[0]).ToString();
            case "index" when let.Args.Count == 2 && let.Type == DataType.Int64:
                return $"{NeedCheckedIndex(_kernels)}({_names.Scalar(let.Args[0], DataType.Int64)}, {_names.Scalar(let.Args[1], DataType.Int64)}, "
                    + $"{CSharpText.Quote(_step)})";
            default:
                var from = LoopTypes.ArgumentType(let, _names.TypeOf);
                var arguments = let.Args.Select((a, i) => _names.Scalar(a, LoopTypes.ArgumentType(let, i, from))).ToArray();
                return OpArity.Check(let.Op, arguments.Length)
                    ? ScalarOps.Text(let.Op, let.Type, from, arguments, _kernels)
                    : throw new EmitException($"operation '{let.Op}' does not take {LoopNames.Text(arguments.Length)} arguments");
        }
    }

    /// <summary>Reads a dimension that stands as an argument.</summary>
    private static Dim Dimension(string text)
    {
        try
        {
            return Dim.Parse(text);
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            throw new EmitException($"'{text}' is not a dimension");
        }
    }

    private static string NeedCheckedIndex(MicroKernels kernels) => kernels.Need("CheckedIndex", (writer, _) =>
    {
        writer.Line("// An index that may count from the end, as one that does not.");
        using (writer.Block("private static long CheckedIndex(long index, long limit, string step)"))
        {
            writer.Line("long wrapped = index < 0 ? unchecked(index + limit) : index;");
            using (writer.Block("if (wrapped < 0 || wrapped >= limit)"))
            {
                writer.Line("ThrowIndexOutOfRange(index, limit, step);");
            }

            writer.Line("return wrapped;");
        }

        writer.Line();
        writer.Line("private static void ThrowIndexOutOfRange(long index, long limit, string step) =>");
        writer.Line(
            "    throw new IndexOutOfRangeException(string.Create(System.Globalization.CultureInfo.InvariantCulture, "
                + "$\"{step}: index {index} is out of range; the axis has {limit} elements.\"));");
    });

    /// <summary>
    /// Writes a loop's body for its variable from <paramref name="first"/> to <paramref name="end"/> − 1, where no local may be named before.
    /// </summary>
    public void Range(Loop loop, string first, string end)
    {
        if (loop.Kind == LoopKind.Lanes && !_insideLanes)
        {
            new LanesEmitter(_writer, _kernels, _names, this, _step).Write(loop, first, end);
            return;
        }

        PlainLoop(loop, first, end);
    }

    /// <summary>Writes a loop as a plain <c>for</c>, whatever its kind.</summary>
    public void PlainLoop(Loop loop, string first, string end)
    {
        var variable = LoopNames.Local(loop.Variable, _suffix);
        using (_writer.Block($"for (long {variable} = {first}; {variable} < {end}; {variable}++)"))
        {
            _names.Bind(loop.Variable, DataType.Int64, variable);
            Statements(loop.Body);
        }
    }

    private void Declare(string id, DataType type, string value)
    {
        var local = LoopNames.Local(id, _suffix);
        _writer.Line($"{ElementTypes.Value(type)} {local} = {value};");
        _names.Bind(id, type, local);
    }

    private void Store(Store store)
    {
        var type = Literal.Is(store.Value) ? DataType.Float32 : _names.TypeOf(store.Value);
        var value = _names.Scalar(store.Value, type);
        _writer.Line($"{_names.Element(store.To, type)} = {(type == DataType.Bool ? $"{value} ? (byte)1 : (byte)0" : value)};");
    }
}
