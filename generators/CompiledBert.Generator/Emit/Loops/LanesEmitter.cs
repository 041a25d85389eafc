using System.Globalization;
using CompiledBert.Compiler;

namespace CompiledBert.Generator.Emit.Loops;

/// <summary>Writes a loop of lanes as vector code: full vectors, then one partial vector with the same operations.</summary>
/// <remarks>
/// What is the same for all lanes is computed before the loop. Statements without a vector form run lane by lane between those that have one, and hand
/// over through an array of lanes. Sums over the lanes are kept in several vectors, combined in a fixed order at the end; where the extent is known, in
/// sixteen sums whatever a vector's length, so that all variants add up in the same order.
/// </remarks>
internal sealed partial class LanesEmitter
{
    private const int Unroll = 4;
    private const int UnrollOfFunctions = 3;
    private const int SumsOfLoop = 16;
    private const int MostPointers = 16;

    private readonly CodeWriter _writer;
    private readonly MicroKernels _kernels;
    private readonly LoopNames _names;
    private readonly LoopEmitter _outer;
    private readonly string _step;
    private readonly Dictionary<string, string> _broadcasts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _rows = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Accumulator> _inner = new(StringComparer.Ordinal);
    private HashSet<LaneStatement> _hoisted = [];
    private LanesAnalysis _analysis = null!;
    private string _variable = "";
    private string _lane = "";
    private bool _hasPointers;

    /// <summary>Creates an emitter for the place where the writer stands.</summary>
    public LanesEmitter(CodeWriter writer, MicroKernels kernels, LoopNames names, LoopEmitter outer, string step)
    {
        _writer = writer;
        _kernels = kernels;
        _names = names;
        _outer = outer;
        _step = step;
    }

    private int Lanes => _kernels.Target.Lanes;

    /// <summary>Writes the loop from <paramref name="first"/> to <paramref name="end"/> − 1.</summary>
    public void Write(Loop loop, string first, string end)
    {
        _analysis = new LanesAnalysis(loop, _names.TypeOf, _outer.Knows);
        if (!_analysis.PaysOff)
        {
            _outer.PlainLoop(loop with { Kind = LoopKind.Serial }, first, end);
            return;
        }

        _variable = loop.Variable;
        _lane = LoopNames.Local(_variable);
        using (_writer.Block(""))
        {
            Hoist();
            Broadcast();
            Rows();
            var sums = LanesAnalysis.Flat(_analysis.Body).Select(s => s.Statement).OfType<Accumulate>()
                .Where(a => !_analysis.IsInner(a.Accumulator) && _outer.AccumulatorOf(a).Type == DataType.Float32)
                .Select(_outer.AccumulatorOf).Distinct().ToArray();
            var copies = IsInterleaved ? InterleavedCopies : sums.Length > 0 && _analysis.MayUnroll ? Unroll : 1;
            var isOrdered = false;
            if (first == "0" && long.TryParse(end, NumberStyles.None, CultureInfo.InvariantCulture, out var extent))
            {
                isOrdered = sums.Any(s => s.Kind == "sum") && LanesAnalysis.Flat(_analysis.Body).All(s => s.Form != LaneForm.Slots);
                copies = (int)Math.Min(isOrdered ? SumsOfLoop / Lanes : copies, Math.Max(1, (extent + Lanes - 1) / Lanes));
            }
            else
            {
                extent = -1;
            }

            foreach (var sum in sums)
            {
                var neutral = Create(LoopTypes.Neutral(sum.Kind, sum.Type));
                _writer.Line($"VF {string.Join(", ", Enumerable.Range(0, copies).Select(c => $"{Copy(sum.Id, c)} = {neutral}"))};");
            }

            if (isOrdered)
            {
                OrderedLoop(extent, copies);
            }
            else
            {
                Loops(first, end, extent, copies);
            }

            foreach (var sum in sums)
            {
                _outer.Feed(sum, $"{VectorKernels.Across(_kernels, sum.Kind)}({Combined(sum, copies)})");
            }
        }
    }

    /// <summary>
    /// Whether the vectors of an iteration are written side by side, statement by statement: code generators keep the order, and cores that issue in order
    /// go on with the next vector while one waits for its result. Functions, with their constants, leave registers for three.
    /// </summary>
    private bool IsInterleaved => _kernels.Target == VectorTarget.Vector128
        && _analysis.Body.Count <= 24 && _analysis.Body.All(s => _hoisted.Contains(s) || (s.Form == LaneForm.Vector && MayStandAside(s.Statement)));

    private static string PointerOf(string row, int copy) => copy == 0 ? row : $"{row}_{LoopNames.Text(copy)}";

    private int InterleavedCopies => _analysis.Body.Any(s => !_hoisted.Contains(s) && LinesOf(s.Statement) is not null) ? UnrollOfFunctions : Unroll;

    private static bool MayStandAside(Statement statement) => statement is not (Loop or Accumulator)
        && (LinesOf(statement) is not null
            || statement is not Let { Args.Count: 1, Op: not ("neg" or "abs" or "sqrt" or "floor" or "ceil" or "round" or "relu" or "cast" or "identity") });

    /// <summary>The lines of a function that is written line by line; null for other statements.</summary>
    private static IReadOnlyList<VectorLine>? LinesOf(Statement statement) => statement is Let { Args.Count: 1 } let ? VectorMath.Lines(let.Op) : null;

    private static string Copy(string id, int copy) => LoopNames.Local(id, LoopNames.Text(copy));

    // Halves onto each other, as within a vector.
    private string Combined(Accumulator sum, int copies)
    {
        var parts = Enumerable.Range(0, copies).Select(copy => Copy(sum.Id, copy)).ToList();
        while (parts.Count > 1)
        {
            var half = (parts.Count + 1) / 2;
            parts = [.. Enumerable.Range(0, half).Select(i =>
                i + half < parts.Count ? VectorOps.Float(LoopTypes.Operation(sum.Kind), [parts[i], parts[i + half]], _kernels)! : parts[i])];
        }

        return parts[0];
    }

    private string Rest => _lane + "__rest";

    private string Inside => _lane + "__inside";

    /// <summary>Writes what is the same for all lanes and reads nothing that the loop writes.</summary>
    private void Hoist()
    {
        _hoisted = [.. _analysis.Body.Where(s =>
            s.Form == LaneForm.Uniform && (s.Statement is Let || (s.Statement is Load load && !_analysis.Stored.Contains(load.From.Buffer))))];
        var late = new HashSet<string>(
            LanesAnalysis.Flat(_analysis.Body).Where(s => !_hoisted.Contains(s)).Select(s => LanesAnalysis.Declares(s.Statement)).OfType<string>(),
            StringComparer.Ordinal);
        foreach (var statement in _analysis.Body.Where(_hoisted.Contains))
        {
            if (LanesAnalysis.Reads(statement.Statement).Any(late.Contains))
            {
                _hoisted.Remove(statement);
                late.Add(LanesAnalysis.Declares(statement.Statement)!);
            }
            else
            {
                _outer.Statement(statement.Statement);
            }
        }
    }

    /// <summary>Whether a name has its value before the loop.</summary>
    private bool IsBefore(string name) => !_analysis.IsInner(name) || _hoisted.Any(s => LanesAnalysis.Declares(s.Statement) == name);

    /// <summary>Spreads uniform values over vectors before the loop.</summary>
    private void Broadcast()
    {
        foreach (var statement in LanesAnalysis.Flat(_analysis.Body).Where(s => s.Form == LaneForm.Vector))
        {
            IEnumerable<string> values = statement.Statement switch
            {
                Let let => let.Args,
                Store store => [store.Value],
                Accumulate accumulate => [accumulate.Value],
                _ => [],
            };
            foreach (var value in values.Where(v => !Literal.Is(v) && _analysis.FormOf(v) == LaneForm.Uniform && IsBefore(v) && !_broadcasts.ContainsKey(v)))
            {
                var local = LoopNames.Local(value, "v");
                _writer.Line($"VF {local} = {Spread(value)};");
                _broadcasts.Add(value, local);
            }
        }
    }

    /// <summary>Declares pointers to the rows that the lanes walk, where they are known before the loop.</summary>
    private void Rows()
    {
        foreach (var statement in LanesAnalysis.Flat(_analysis.Body).Where(s => s.Form == LaneForm.Vector))
        {
            var (access, type) = statement.Statement switch
            {
                Load load => (load.From, load.Type),
                Store store => (store.To, Literal.Is(store.Value) ? DataType.Float32 : _analysis.TypeOf(store.Value)),
                _ => (null, default),
            };
            if (access is null || !access.Terms.All(t => t.Variable == _variable || IsBefore(t.Variable)))
            {
                continue;
            }

            var address = _names.Address(access, without: _variable);
            var start = _names.Pointer(access.Buffer, type) + (address == "0" ? "" : $" + ({address})");
            if (!_rows.ContainsKey(start))
            {
                var local = LoopNames.Local(access.Buffer, "row" + (_rows.Count == 0 ? "" : LoopNames.Text(_rows.Count)));
                _writer.Line($"{ElementTypes.Memory(type)}* {local} = {start};");
                _rows.Add(start, local);
            }
        }

        // A pointer for each vector that is written side by side: with the index they are addresses of Arm's loads, without further instructions.
        _hasPointers = IsInterleaved && _rows.Count * InterleavedCopies <= MostPointers;
        foreach (var local in _hasPointers ? _rows.Values.OrderBy(row => row, StringComparer.Ordinal) : Enumerable.Empty<string>())
        {
            for (var copy = 1; copy < InterleavedCopies; copy++)
            {
                _writer.Line($"var {PointerOf(local, copy)} = {local} + {LoopNames.Text(copy * Lanes)};");
            }
        }
    }

    private string Spread(string value) => _analysis.TypeOf(value) switch
    {
        DataType.Float32 => $"V.Create({_names.Scalar(value, DataType.Float32)})",
        DataType.Bool => $"V.Create({_names.Scalar(value, DataType.Bool)} ? -1 : 0).AsSingle()",
        var type => throw new EmitException($"'{value}' is {type} where Float32 or Bool is meant"),
    };

    private static string Create(string literal) => literal switch
    {
        "0" or "0f" => "VF.Zero",
        "1" or "1f" => "VF.One",
        _ => $"V.Create({literal})",
    };

    private static string Unwrap(string expression)
    {
        // Only a pair of parentheses around all of it: "(a + b)", not "(a) + (b)".
        var depth = 0;
        for (var i = 0; i < expression.Length - 1; i++)
        {
            depth += expression[i] == '(' ? 1 : expression[i] == ')' ? -1 : 0;
            if (depth == 0)
            {
                return expression;
            }
        }

        return expression.Substring(1, expression.Length - 2);
    }
}
