using CompiledBert.Compiler;

namespace CompiledBert.Generator.Emit.Loops;

/// <summary>How a statement of a loop of lanes is written.</summary>
internal enum LaneForm
{
    /// <summary>The same for all lanes: scalar code.</summary>
    Uniform,

    /// <summary>One vector: floats, or truth values as masks.</summary>
    Vector,

    /// <summary>Lane by lane: integers, gathers, and whatever else has no vector form.</summary>
    Slots,
}

/// <summary>A statement of a loop of lanes with its form.</summary>
/// <param name="Statement">The statement.</param>
/// <param name="Form">Its form; a loop is Vector where its statements have forms of their own, Slots where it runs lane by lane as a whole.</param>
/// <param name="Body">The statements of a loop of form Vector.</param>
/// <param name="Run">Number of the run of neighbouring statements of form Slots it belongs to; −1 for the other forms.</param>
internal sealed record LaneStatement(Statement Statement, LaneForm Form, IReadOnlyList<LaneStatement> Body, int Run);

/// <summary>Decides the form of each statement of a loop of lanes.</summary>
internal sealed class LanesAnalysis
{
    private readonly string _lane;
    private readonly Func<string, DataType> _outerType;
    private readonly Func<string, bool> _isOuterAccumulator;
    private readonly Dictionary<string, (DataType Type, LaneForm Form)> _inner = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _runOf = new(StringComparer.Ordinal);
    private readonly List<(string Id, int Run)> _uses = [];
    private int _runs;

    /// <summary>Analyses a loop.</summary>
    /// <param name="loop">The loop of lanes.</param>
    /// <param name="outerType">The type of a value from outside.</param>
    /// <param name="isOuterAccumulator">Whether an accumulator is from outside.</param>
    public LanesAnalysis(Loop loop, Func<string, DataType> outerType, Func<string, bool> isOuterAccumulator)
    {
        _lane = loop.Variable;
        _outerType = outerType;
        _isOuterAccumulator = isOuterAccumulator;
        _inner[_lane] = (DataType.Int64, LaneForm.Slots);
        Stored = new HashSet<string>(Programs.Flatten(loop.Body).OfType<Store>().Select(s => s.To.Buffer), StringComparer.Ordinal);
        Body = Classify(loop.Body);
        RawBytes = FindRawBytes(loop.Body);
        Escaping = new HashSet<string>(_uses.Where(u => _runOf.TryGetValue(u.Id, out var run) && run != u.Run).Select(u => u.Id), StringComparer.Ordinal);
    }

    /// <summary>The loop's statements.</summary>
    public IReadOnlyList<LaneStatement> Body { get; }

    /// <summary>Buffers that the loop writes.</summary>
    public ISet<string> Stored { get; }

    /// <summary>Values of form Slots that are read outside the run that computes them.</summary>
    public ISet<string> Escaping { get; }

    /// <summary>
    /// Rounded products that are only cast to 8 bits and stored, and what they are cast to: they stay as <see cref="VectorOps.RoundedProduct"/> leaves them.
    /// </summary>
    public ISet<string> RawBytes { get; }

    /// <summary>Whether vectors gain anything: not where all that could be vectors are the ends of lane-by-lane work.</summary>
    public bool PaysOff
    {
        get
        {
            var flat = Flat(Body).ToArray();
            return flat.All(s => s.Form != LaneForm.Slots) || flat.Any(s => s.Form == LaneForm.Vector && s.Statement is Let or Accumulate);
        }
    }

    /// <summary>Whether the body is simple and small enough to be written several times, so that as many sums run side by side.</summary>
    public bool MayUnroll => Body.Count <= 10 && Body.All(s => s.Form == LaneForm.Vector && s.Statement is not (Loop or Accumulator));

    /// <summary>All statements with those inside loops of form Vector.</summary>
    public static IEnumerable<LaneStatement> Flat(IEnumerable<LaneStatement> statements) => statements.SelectMany(s => Flat(s.Body).Prepend(s));

    /// <summary>The names that a statement reads.</summary>
    public static IEnumerable<string> Reads(Statement statement) => (statement switch
    {
        Let { Op: "dim" } => [],
        Let let => let.Args,
        Load load => load.From.Terms.Select(t => t.Variable),
        Store store => store.To.Terms.Select(t => t.Variable).Append(store.Value),
        Accumulate accumulate => [accumulate.Accumulator, accumulate.Value],
        Loop loop => loop.Body.SelectMany(Reads),
        _ => Enumerable.Empty<string>(),
    }).Where(name => !Literal.Is(name));

    /// <summary>The name that a statement declares; null for none.</summary>
    public static string? Declares(Statement statement) => statement switch
    {
        Let let => let.Id,
        Load load => load.Id,
        Accumulator accumulator => accumulator.Id,
        _ => null,
    };

    /// <summary>The form of a value.</summary>
    public LaneForm FormOf(string name) => !Literal.Is(name) && _inner.TryGetValue(name, out var value) ? value.Form : LaneForm.Uniform;

    /// <summary>The type of a value.</summary>
    public DataType TypeOf(string name) => _inner.TryGetValue(name, out var value) ? value.Type : _outerType(name);

    /// <summary>Whether a value is declared inside the loop.</summary>
    public bool IsInner(string name) => _inner.ContainsKey(name);

    /// <summary>Whether an access walks memory by one element a lane.</summary>
    public bool IsContiguous(Access access) =>
        LaneStride(access).Is(1) && access.Terms.All(t => t.Variable == _lane || FormOf(t.Variable) == LaneForm.Uniform);

    private HashSet<string> FindRawBytes(IReadOnlyList<Statement> body)
    {
        var all = Programs.Flatten(body).ToArray();
        bool AllReaders(string id, Func<Statement, bool> match) => all.Where(s => Reads(s).Contains(id)).All(match);
        bool IsBytes(Let cast) =>
            cast.Op == "cast" && VectorOps.IsByte(cast.Type) && AllReaders(cast.Id, s => s is Store store && FormOf(store) == LaneForm.Vector);
        var raw = new HashSet<string>(StringComparer.Ordinal);
        foreach (var rounded in all.OfType<Let>().Where(
            l => l.Op == "roundmul" && FormOf(l.Id) == LaneForm.Vector && AllReaders(l.Id, s => s is Let cast && IsBytes(cast))))
        {
            raw.Add(rounded.Id);
            raw.UnionWith(all.OfType<Let>().Where(l => l.Op == "cast" && l.Args[0] == rounded.Id).Select(l => l.Id));
        }

        return raw;
    }

    private Dim LaneStride(Access access) => access.Terms.Where(t => t.Variable == _lane).Aggregate(Dim.Zero, (sum, t) => sum + t.Stride);

    private List<LaneStatement> Classify(IReadOnlyList<Statement> statements)
    {
        var result = new List<LaneStatement>();
        var run = -1;
        foreach (var statement in statements)
        {
            var form = FormOf(statement);
            List<LaneStatement> body = [];
            if (statement is Loop loop)
            {
                _inner[loop.Variable] = (DataType.Int64, LaneForm.Uniform);
                body = Classify(loop.Body);
                form = body.Count > 0 && Flat(body).All(s => s.Form == LaneForm.Slots) ? LaneForm.Slots : LaneForm.Vector;
            }

            run = form != LaneForm.Slots ? -1 : run < 0 ? _runs++ : run;
            if (form == LaneForm.Slots && statement is Loop whole)
            {
                // The loop runs lane by lane as one: what it declares belongs to its run, what its statements had noted for themselves is void.
                var inside = new HashSet<string>(Programs.Flatten(whole.Body).Select(Declares).OfType<string>(), StringComparer.Ordinal);
                _uses.RemoveAll(u => inside.Contains(u.Id));
                foreach (var id in inside)
                {
                    _runOf[id] = run;
                }

                body = [];
            }

            if (Declares(statement) is { } declared)
            {
                _inner[declared] = (TypeOf(statement), form);
                if (form == LaneForm.Slots)
                {
                    _runOf[declared] = run;
                }
            }

            if (statement is not Loop || form == LaneForm.Slots)
            {
                _uses.AddRange(Reads(statement).Select(name => (name, run)));
            }

            result.Add(new(statement, form, body, run));
        }

        return result;
    }

    private LaneForm FormOf(Statement statement)
    {
        switch (statement)
        {
            case Let { Op: "dim" }:
                return LaneForm.Uniform;
            case Let let when let.Args.All(a => FormOf(a) == LaneForm.Uniform):
                return LaneForm.Uniform;
            case Let let:
                return VectorOps.Has(let.Op, let.Type, LoopTypes.ArgumentType(let, TypeOf), let.Args.Count) ? LaneForm.Vector : LaneForm.Slots;
            case Load load when load.From.Terms.All(t => FormOf(t.Variable) == LaneForm.Uniform):
                return LaneForm.Uniform;
            case Load load:
                return (load.Type is DataType.Float32 or DataType.Bool || VectorOps.IsByte(load.Type)) && IsContiguous(load.From)
                    ? LaneForm.Vector
                    : LaneForm.Slots;
            case Store store:
                var isFloat = Literal.Is(store.Value) || TypeOf(store.Value) == DataType.Float32;
                var isNarrowed = !isFloat && VectorOps.IsByte(TypeOf(store.Value)) && FormOf(store.Value) == LaneForm.Vector;
                return (isFloat || isNarrowed) && IsContiguous(store.To) ? LaneForm.Vector : LaneForm.Slots;
            case Accumulator accumulator:
                return accumulator.Type == DataType.Float32 ? LaneForm.Vector : LaneForm.Slots;
            case Accumulate accumulate:
                return !_inner.ContainsKey(accumulate.Accumulator) && !_isOuterAccumulator(accumulate.Accumulator)
                    ? throw new EmitException($"there is no accumulator '{accumulate.Accumulator}' here")
                    : TypeOf(accumulate.Accumulator) == DataType.Float32 ? LaneForm.Vector : LaneForm.Slots;
            case Loop { Kind: LoopKind.Lanes }:
                throw new EmitException("a loop of lanes lies inside another");
            default:
                return LaneForm.Vector;
        }
    }

    private static DataType TypeOf(Statement statement) => statement switch
    {
        Let let => let.Type,
        Load load => load.Type,
        Accumulator accumulator => accumulator.Type,
        _ => throw new EmitException("a statement without a value"),
    };
}
