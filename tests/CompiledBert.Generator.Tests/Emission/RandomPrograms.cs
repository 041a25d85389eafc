using System.Globalization;
using CompiledBert.Compiler;

namespace CompiledBert.Generator.Tests.Emission;

/// <summary>
/// Loop programs made at random: loops of all kinds in all orders, values of all types. What may differ by rounding (functions, sums) never decides a
/// comparison or becomes an integer, so that the interpreter and the emitted code agree but for rounding.
/// </summary>
internal sealed class RandomPrograms
{
    /// <summary>Elements of each input; no program reads beyond.</summary>
    public const int InputElements = 8192;

    private static readonly Dim T = Dim.Of(new Symbol("T"));
    private static readonly int[] Extents = [1, 5, 7, 16, 19, 33];
    private readonly Random _random;
    private readonly List<Scope> _scopes = [];
    private int _names;

    private RandomPrograms(int seed) => _random = new Random(seed);

    /// <summary>A program over in0 (floats), in1 (integers), in2 (truth values), out0 (floats), out1 (integers) and out2 (truth values).</summary>
    public static (IReadOnlyList<Statement> Body, IReadOnlyList<PlanBuffer> Buffers) Create(int seed)
    {
        var program = new RandomPrograms(seed);
        var body = program.Nest(program._random.Next(3));
        PlanBuffer Out(int index, DataType type) => new($"out{index}", type, Iterations(program._deepest), BufferKind.Output, index);
        return (body,
        [
            new("in0", DataType.Float32, InputElements, BufferKind.Input, 0),
            new("in1", DataType.Int64, InputElements, BufferKind.Input, 1),
            new("in2", DataType.Bool, InputElements, BufferKind.Input, 2),
            Out(0, DataType.Float32),
            Out(1, DataType.Int64),
            Out(2, DataType.Bool),
        ]);
    }

    private IReadOnlyList<(string Variable, Dim Extent)> _deepest = [];

    private static Dim Iterations(IEnumerable<(string Variable, Dim Extent)> loops) => loops.Aggregate(Dim.One, (product, l) => product * l.Extent);

    private IReadOnlyList<Statement> Nest(int parallel)
    {
        var scope = new Scope();
        _scopes.Add(scope);
        IReadOnlyList<Statement> body;
        if (parallel > 0)
        {
            var variable = Name("i");
            var extent = Extent();
            scope.Loops.Add((variable, extent));
            body = [new Loop(variable, extent, LoopKind.Parallel, Nest(parallel - 1))];
        }
        else
        {
            body = Rest();
        }

        _scopes.Remove(scope);
        return body;
    }

    /// <summary>Scalar work, a reduction or two, and a loop of lanes that stores.</summary>
    private List<Statement> Rest()
    {
        var body = new List<Statement>();
        Work(body, 3, DataType.Float32);
        if (_random.Next(2) == 0)
        {
            Reduce(body, _random.Next(2) == 0 ? LoopKind.Lanes : LoopKind.Serial);
        }

        if (_random.Next(2) == 0)
        {
            Reduce(body, LoopKind.Lanes);
        }

        var lane = Name("n");
        var extent = Extent();
        var scope = new Scope();
        scope.Loops.Add((lane, extent));
        _scopes.Add(scope);
        var lanes = new List<Statement>();
        Work(lanes, 4, DataType.Float32);
        if (_random.Next(2) == 0)
        {
            Reduce(lanes, LoopKind.Serial);
            Work(lanes, 2, DataType.Float32);
        }

        _deepest = [.. _scopes.SelectMany(s => s.Loops)];
        var transposed = _random.Next(3) == 0;
        foreach (var (index, type) in new[] { (0, DataType.Float32), (1, DataType.Int64), (2, DataType.Bool) }.Where(o => o.Item1 == 0 || _random.Next(2) == 0))
        {
            if (Pick(type, exact: type != DataType.Float32) is { } value)
            {
                lanes.Add(new Store(new($"out{index}", 0, Terms(transposed)), value.Id));
            }
        }

        _scopes.Remove(scope);
        body.Add(new Loop(lane, extent, LoopKind.Lanes, lanes));
        return body;
    }

    private List<AccessTerm> Terms(bool transposed)
    {
        var terms = new List<AccessTerm>();
        var stride = Dim.One;
        foreach (var (variable, extent) in transposed ? _deepest : _deepest.Reverse())
        {
            terms.Add(new(variable, stride));
            stride *= extent;
        }

        return terms;
    }

    private void Reduce(List<Statement> body, LoopKind kind)
    {
        var isInteger = _random.Next(4) == 0;
        var type = isInteger ? DataType.Int64 : DataType.Float32;
        var operation = new[] { "sum", "max", "min" }[_random.Next(3)];
        var id = Name("s");
        body.Add(new Accumulator(id, type, operation));
        var scope = new Scope();
        var variable = Name("k");
        var extent = Extent();
        scope.Loops.Add((variable, extent));
        _scopes.Add(scope);
        var inner = new List<Statement>();
        Work(inner, 2, type);
        var fed = Pick(type, exact: false)!;
        inner.Add(new Accumulate(id, fed.Id));
        _scopes.Remove(scope);
        body.Add(new Loop(variable, extent, kind, inner));
        _scopes[^1].Values.Add(new(id, type, Exact: isInteger));
    }

    /// <summary>Adds some loads and operations; at least one value of the type is there afterwards.</summary>
    private void Work(List<Statement> body, int operations, DataType type)
    {
        Load(body, type);
        for (var i = 0; i < operations; i++)
        {
            switch (_random.Next(8))
            {
                case 0:
                    Load(body, DataType.Float32);
                    break;
                case 1:
                    Load(body, _random.Next(2) == 0 ? DataType.Int64 : DataType.Bool);
                    break;
                case 2 or 3:
                    Operation(body, DataType.Float32, Choose("add", "sub", "mul", "min", "max"), 2, exact: false);
                    break;
                case 4:
                    Operation(body, DataType.Float32, Choose("neg", "abs", "relu"), 1, exact: false);
                    break;
                case 5:
                    Bounded(body);
                    break;
                case 6:
                    Steered(body);
                    break;
                default:
                    Operation(body, DataType.Int64, Choose("add", "sub", "min", "max"), 2, exact: true);
                    Cast(body);
                    break;
            }
        }
    }

    private void Operation(List<Statement> body, DataType type, string op, int arguments, bool exact)
    {
        var picked = Enumerable.Range(0, arguments).Select(_ => Pick(type, exact)).ToArray();
        if (picked.All(p => p is not null))
        {
            Add(body, new Let(Name("v"), type, op, [.. picked.Select(p => p!.Id)]), picked.All(p => p!.Exact));
        }
    }

    /// <summary>A function of something between −2 and 2.</summary>
    private void Bounded(List<Statement> body)
    {
        var from = Pick(DataType.Float32, exact: false)!;
        var low = Add(body, new Let(Name("v"), DataType.Float32, "max", [from.Id, "-2"]), from.Exact);
        var both = Add(body, new Let(Name("v"), DataType.Float32, "min", [low.Id, "2"]), from.Exact);
        Add(body, new Let(Name("v"), DataType.Float32, Choose("exp", "tanh", "sigmoid", "erf", "geluerf", "silu"), [both.Id]), exact: false);
    }

    /// <summary>A comparison, and a choice by it.</summary>
    private void Steered(List<Statement> body)
    {
        if (Pick(DataType.Float32, exact: true) is not { } a)
        {
            return;
        }

        var condition = Add(
            body, new Let(Name("c"), DataType.Bool, Choose("less", "lessorequal", "greater", "equal"), [a.Id, Choose("0", "1.5", "-0.25")]), exact: true);
        if (Pick(DataType.Bool, exact: true) is { } other)
        {
            condition = Add(body, new Let(Name("c"), DataType.Bool, Choose("and", "or", "xor"), [condition.Id, other.Id]), exact: true);
        }

        var chosen = Pick(DataType.Float32, exact: false)!;
        Add(body, new Let(Name("v"), DataType.Float32, "select", [condition.Id, chosen.Id, Choose(a.Id, "3.25")]), chosen.Exact);
    }

    private void Cast(List<Statement> body)
    {
        var (from, to) = Choose(
            (DataType.Int64, DataType.Float32), (DataType.Bool, DataType.Float32), (DataType.Float32, DataType.Int64), (DataType.Bool, DataType.Int64));
        if (Pick(from, exact: true) is { } value)
        {
            Add(body, new Let(Name("v"), to, "cast", [value.Id]), exact: true);
        }

        var variables = _scopes.SelectMany(s => s.Loops).ToArray();
        if (variables.Length > 0)
        {
            Add(body, new Let(Name("c"), DataType.Bool, "less", [variables[_random.Next(variables.Length)].Variable, "4"]), exact: true);
        }
    }

    private void Load(List<Statement> body, DataType type)
    {
        var terms = new List<AccessTerm>();
        foreach (var (variable, _) in _scopes.SelectMany(s => s.Loops).Where(_ => _random.Next(4) > 0))
        {
            terms.Add(new(variable, Choose(1, 1, 1, 33, 40)));
        }

        var id = Name("x");
        body.Add(new Load(id, type, new(type switch { DataType.Float32 => "in0", DataType.Int64 => "in1", _ => "in2" }, _random.Next(5), terms)));
        _scopes[^1].Values.Add(new(id, type, Exact: true));
    }

    private Value Add(List<Statement> body, Let let, bool exact)
    {
        body.Add(let);
        var value = new Value(let.Id, let.Type, exact);
        _scopes[^1].Values.Add(value);
        return value;
    }

    private Value? Pick(DataType type, bool exact)
    {
        var candidates = _scopes.SelectMany(s => s.Values).Where(v => v.Type == type && (v.Exact || !exact)).ToArray();

        // Rather what was made last, so that programs hang together.
        return candidates.Length == 0 ? null : candidates[Math.Max(_random.Next(candidates.Length), _random.Next(candidates.Length))];
    }

    private Dim Extent() => _random.Next(2) == 0 ? T : Extents[_random.Next(Extents.Length)];

    private TItem Choose<TItem>(params TItem[] items) => items[_random.Next(items.Length)];

    private string Name(string prefix) => prefix + (_names++).ToString(CultureInfo.InvariantCulture);

    private sealed record Value(string Id, DataType Type, bool Exact);

    private sealed class Scope
    {
        public List<(string Variable, Dim Extent)> Loops { get; } = [];

        public List<Value> Values { get; } = [];
    }
}
