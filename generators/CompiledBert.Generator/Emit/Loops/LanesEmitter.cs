using System.Globalization;
using CompiledBert.Compiler;

namespace CompiledBert.Generator.Emit.Loops;

/// <summary>Writes a loop of lanes as vector code: full vectors, then one partial vector with the same operations.</summary>
/// <remarks>
/// What is the same for all lanes is computed before the loop. Statements without a vector form run lane by lane between those that have one, and hand
/// over through an array of lanes. Sums over the lanes are kept in several vectors, combined in a fixed order at the end; where the extent is known, in
/// sixteen sums whatever a vector's length, so that all variants add up in the same order.
/// </remarks>
internal sealed class LanesEmitter
{
    private const int Unroll = 4;
    private const int SumsOfLoop = 16;

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
    /// go on with the next vector while one waits for its result. The constants and steps of a long function take the registers of a vector alone.
    /// </summary>
    private bool IsInterleaved => _kernels.Target == VectorTarget.Vector128
        && _analysis.Body.Count <= 24 && _analysis.Body.All(s => _hoisted.Contains(s) || (s.Form == LaneForm.Vector && MayStandAside(s.Statement)));

    private int InterleavedCopies => _analysis.Body.Any(s => !_hoisted.Contains(s) && LinesOf(s.Statement) is not null) ? Unroll / 2 : Unroll;

    private static bool MayStandAside(Statement statement) => statement is not (Loop or Accumulator)
        && (LinesOf(statement) is not null || statement is not Let { Args.Count: 1, Op: not ("neg" or "abs" or "sqrt" or "floor" or "ceil" or "round" or "relu" or "cast" or "identity") });

    /// <summary>The lines of a function that is short enough for two vectors' registers; null for other statements.</summary>
    private static IReadOnlyList<VectorLine>? LinesOf(Statement statement) =>
        statement is Let { Args.Count: 1 } let && VectorMath.Lines(let.Op) is { Count: <= 13 } lines ? lines : null;

    private static string Copy(string id, int copy) => LoopNames.Local(id, LoopNames.Text(copy));

    // Halves onto each other, as within a vector.
    private string Combined(Accumulator sum, int copies)
    {
        var parts = Enumerable.Range(0, copies).Select(copy => Copy(sum.Id, copy)).ToList();
        while (parts.Count > 1)
        {
            var half = (parts.Count + 1) / 2;
            parts = [.. Enumerable.Range(0, half).Select(i => i + half < parts.Count ? VectorOps.Float(LoopTypes.Operation(sum.Kind), [parts[i], parts[i + half]], _kernels)! : parts[i])];
        }

        return parts[0];
    }

    /// <summary>A loop of a known extent whose vectors feed the same sums on every variant: the rest goes on where the last whole turn ended.</summary>
    private void OrderedLoop(long extent, int copies)
    {
        var (step, vectors) = (copies * Lanes, extent / Lanes);
        var rest = vectors % copies;
        _writer.Line($"long {_lane} = 0;");
        if (extent >= step)
        {
            using (_writer.Block($"for (; {_lane} <= {LoopNames.Text(extent - step)}; {_lane} += {LoopNames.Text(step)})"))
            {
                Turn(copies);
            }
        }

        for (var copy = 0; copy < rest; copy++)
        {
            using (_writer.Block(""))
            {
                Body(_analysis.Body, copy, copied: false, partial: false);
            }
        }

        if (extent % Lanes != 0)
        {
            using (_writer.Block(""))
            {
                _writer.Line($"int {Rest} = {LoopNames.Text(extent % Lanes)};");
                _writer.Line($"VF {Inside} = V.LessThan(VI.Indices, V.Create({Rest})).AsSingle();");
                Body(_analysis.Body, (int)rest, copied: false, partial: true);
            }
        }
    }

    /// <summary>So many vectors of one iteration, one after the other or side by side.</summary>
    private void Turn(int width)
    {
        foreach (var statements in IsInterleaved ? _analysis.Body.Select(s => (IReadOnlyList<LaneStatement>)[s]) : [_analysis.Body])
        {
            if (width > 1 && IsInterleaved && Together(statements[0].Statement, width))
            {
                continue;
            }

            for (var copy = 0; copy < width; copy++)
            {
                // Side by side, all are of one scope; one after the other, what is the same for all lanes is computed again.
                using (width > 1 && !IsInterleaved ? (IDisposable)_writer.Block("") : null)
                {
                    Body(statements, copy, IsInterleaved, partial: false);
                }
            }
        }
    }

    private void Loops(string first, string end, long extent, int copies)
    {
        _writer.Line($"long {_lane} = {first};");
        foreach (var width in copies > 1 ? new[] { copies, 1 } : [1])
        {
            var step = width * Lanes;
            var already = width == copies ? 0 : extent / (copies * Lanes) * copies * Lanes;
            if (extent >= 0 && extent - already < step)
            {
                continue;
            }

            var last = extent >= 0 ? LoopNames.Text(extent - step) : $"{(end.All(c => char.IsLetterOrDigit(c) || c == '_') ? end : $"({end})")} - {LoopNames.Text(step)}";
            using (_writer.Block($"for (; {_lane} <= {last}; {_lane} += {LoopNames.Text(step)})"))
            {
                Turn(width);
            }
        }

        if (extent < 0 || extent % Lanes != 0)
        {
            using (_writer.Block(extent < 0 ? $"if ({_lane} < {end})" : ""))
            {
                var rest = extent < 0 ? $"(int)({end} - {_lane})" : LoopNames.Text(extent % Lanes);
                _writer.Line($"int {Rest} = {rest};");
                if (LanesAnalysis.Flat(_analysis.Body).Any(s => s.Statement is Accumulate a && s.Form == LaneForm.Vector && !_analysis.IsInner(a.Accumulator)))
                {
                    _writer.Line($"VF {Inside} = V.LessThan(VI.Indices, V.Create({Rest})).AsSingle();");
                }

                Body(_analysis.Body, 0, copied: false, partial: true);
            }
        }
    }

    /// <summary>Writes what several vectors do best together; false where there is nothing of the kind.</summary>
    private bool Together(Statement statement, int width)
    {
        string Suffix(int copy) => copy > 0 ? LoopNames.Text(copy) : "";
        if (LinesOf(statement) is { } lines)
        {
            var let = (Let)statement;
            TileKernels.NeedMad(_kernels);
            string Name(string line, int copy) => line == "x" ? Value(let.Args[0], DataType.Float32, Suffix(copy))
                : LoopNames.Local(let.Id, line == lines[lines.Count - 1].Name ? Suffix(copy) : line + Suffix(copy));
            foreach (var line in lines)
            {
                for (var copy = 0; copy < width; copy++)
                {
                    var at = copy;
                    _writer.Line($"VF {Name(line.Name, at)} = {line.Text(name => Name(name, at))};");
                }
            }

            return true;
        }

        if (statement is Store store && width == Unroll && !Literal.Is(store.Value) && VectorOps.IsByte(_analysis.TypeOf(store.Value)))
        {
            var type = _analysis.TypeOf(store.Value);
            var values = string.Join(", ", Enumerable.Range(0, width).Select(copy => Value(store.Value, type, Suffix(copy))));
            _writer.Line($"{ByteVectors.NarrowFour(_kernels, type)}({Address(store.To, type, 0)}, {values});");
            return true;
        }

        return false;
    }

    private string Rest => _lane + "__rest";

    private string Inside => _lane + "__inside";

    /// <summary>Writes what is the same for all lanes and reads nothing that the loop writes.</summary>
    private void Hoist()
    {
        _hoisted = [.. _analysis.Body.Where(s => s.Form == LaneForm.Uniform && (s.Statement is Let || (s.Statement is Load load && !_analysis.Stored.Contains(load.From.Buffer))))];
        var late = new HashSet<string>(LanesAnalysis.Flat(_analysis.Body).Where(s => !_hoisted.Contains(s)).Select(s => LanesAnalysis.Declares(s.Statement)).OfType<string>(), StringComparer.Ordinal);
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
    }

    private void Body(IReadOnlyList<LaneStatement> statements, int copy, bool copied, bool partial)
    {
        for (var i = 0; i < statements.Count; i++)
        {
            var statement = statements[i];
            switch (statement.Form)
            {
                case LaneForm.Slots:
                    var run = statements.Skip(i).TakeWhile(s => s.Form == LaneForm.Slots).ToArray();
                    Run(run, partial);
                    i += run.Length - 1;
                    break;
                case LaneForm.Uniform when !_hoisted.Contains(statement):
                    _outer.Statement(statement.Statement);
                    break;
                case LaneForm.Vector:
                    Vector(statement, copy, copied, partial);
                    break;
            }
        }
    }

    private void Vector(LaneStatement statement, int copy, bool copied, bool partial)
    {
        var suffix = copied && copy > 0 ? LoopNames.Text(copy) : "";
        switch (statement.Statement)
        {
            case Let let:
                var from = LoopTypes.ArgumentType(let, _analysis.TypeOf);
                var arguments = let.Args.Select((a, i) => Value(a, LoopTypes.ArgumentType(let, i, from), suffix)).ToArray();
                _writer.Line($"VF {LoopNames.Local(let.Id, suffix)} = {Unwrap(VectorOps.Text(let.Op, let.Type, from, arguments, _kernels)!)};");
                break;
            case Load load:
                var address = Address(load.From, load.Type, copy);
                var read = (load.Type, partial) switch
                {
                    (DataType.Bool, false) => $"{VectorKernels.LoadMask(_kernels)}({address})",
                    (DataType.Bool, true) => $"{VectorKernels.LoadMaskPartial(_kernels)}({address}, {Rest})",
                    (DataType.Int8 or DataType.UInt8, false) => $"{ByteVectors.Widen(_kernels, load.Type)}({address})",
                    (DataType.Int8 or DataType.UInt8, true) => $"{ByteVectors.WidenPartial(_kernels, load.Type)}({address}, {Rest})",
                    (_, false) => $"V.Load({address})",
                    (_, true) => $"{VectorKernels.LoadPartial(_kernels)}({address}, {Rest})",
                };
                _writer.Line($"VF {LoopNames.Local(load.Id, suffix)} = {read};");
                break;
            case Store store:
                var stored = Literal.Is(store.Value) ? DataType.Float32 : _analysis.TypeOf(store.Value);
                var value = Value(store.Value, stored, suffix);
                var to = Address(store.To, stored, copy);
                if (VectorOps.IsByte(stored))
                {
                    _writer.Line(partial ? $"{ByteVectors.NarrowPartial(_kernels, stored)}({to}, {value}, {Rest});" : $"{ByteVectors.Narrow(_kernels, stored)}({to}, {value});");
                    break;
                }

                _writer.Line(partial ? $"{VectorKernels.StorePartial(_kernels)}({to}, {value}, {Rest});" : $"V.Store({value}, {to});");
                break;
            case Accumulator accumulator:
                _inner[accumulator.Id] = accumulator;
                _writer.Line($"VF {LoopNames.Local(accumulator.Id)} = {Create(LoopTypes.Neutral(accumulator.Kind, accumulator.Type))};");
                break;
            case Accumulate accumulate:
                Accumulate(accumulate, copy, suffix, partial);
                break;
            case Loop loop:
                var variable = LoopNames.Local(loop.Variable);
                using (_writer.Block($"for (long {variable} = 0; {variable} < {loop.Extent}; {variable}++)"))
                {
                    _names.Bind(loop.Variable, DataType.Int64, variable);
                    Body(statement.Body, copy, copied, partial);
                }

                break;
        }
    }

    private void Accumulate(Accumulate accumulate, int copy, string suffix, bool partial)
    {
        var isInner = _inner.TryGetValue(accumulate.Accumulator, out var accumulator);
        accumulator ??= _outer.AccumulatorOf(accumulate);
        var sum = isInner ? LoopNames.Local(accumulator.Id) : Copy(accumulator.Id, copy);
        var value = Value(accumulate.Value, DataType.Float32, suffix);
        var next = VectorOps.Float(LoopTypes.Operation(accumulator.Kind), [sum, value], _kernels)!;
        _writer.Line($"{sum} = {(partial && !isInner ? $"V.ConditionalSelect({Inside}, {next}, {sum})" : Unwrap(next))};");
    }

    /// <summary>Writes neighbouring statements lane by lane.</summary>
    private void Run(LaneStatement[] run, bool partial)
    {
        var number = run[0].Run;
        var names = _names.Fork();
        var index = LoopNames.Local("l", LoopNames.Text(number));
        var read = new HashSet<string>(run.SelectMany(s => LanesAnalysis.Reads(s.Statement)), StringComparer.Ordinal);
        var declared = run.Select(s => LanesAnalysis.Declares(s.Statement)).OfType<string>().ToArray();
        foreach (var id in read.Where(id => _analysis.IsInner(id) && _analysis.FormOf(id) == LaneForm.Vector).OrderBy(id => id, StringComparer.Ordinal))
        {
            var spilled = LoopNames.Local(id, "l" + LoopNames.Text(number));
            _writer.Line($"VF {spilled} = {LoopNames.Local(id)};");
            names.Bind(id, _analysis.TypeOf(id), Read(id, spilled, index));
        }

        foreach (var id in declared.Where(_analysis.Escaping.Contains))
        {
            var type = _analysis.TypeOf(id);
            _writer.Line($"Unsafe.SkipInit(out {(type is DataType.Float32 or DataType.Bool || VectorOps.IsByte(type) ? "VF" : VectorKernels.Slots(_kernels))} {LoopNames.Local(id)});");
        }

        foreach (var id in read.Where(_analysis.Escaping.Contains).Except(declared, StringComparer.Ordinal))
        {
            names.Bind(id, _analysis.TypeOf(id), Read(id, LoopNames.Local(id), index));
        }

        using (_writer.Block($"for (int {index} = 0; {index} < {(partial ? Rest : LoopNames.Text(Lanes))}; {index}++)"))
        {
            names.Bind(_variable, DataType.Int64, $"({_lane} + {index})");
            var emitter = new LoopEmitter(_writer, _kernels, names, _step, suffix: "s", insideLanes: true);
            foreach (var accumulator in read.Select(AccumulatorNamed).OfType<Accumulator>())
            {
                emitter.Know(accumulator);
            }

            foreach (var statement in run.Select(s => s.Statement))
            {
                Slot(statement, emitter, names, index);
            }
        }
    }

    private Accumulator? AccumulatorNamed(string id) =>
        _inner.TryGetValue(id, out var inner) ? inner : !_analysis.IsInner(id) && _outer.Knows(id) ? _outer.AccumulatorOf(new Accumulate(id, id)) : null;

    private void Slot(Statement statement, LoopEmitter emitter, LoopNames names, string index)
    {
        if (LanesAnalysis.Declares(statement) is not { } id || !_analysis.Escaping.Contains(id))
        {
            emitter.Statement(statement);
            return;
        }

        var type = _analysis.TypeOf(id);
        var lane = Lane(id, LoopNames.Local(id), index);
        if (statement is Accumulator accumulator)
        {
            _inner[id] = accumulator;
            names.Bind(id, type, lane);
            emitter.Know(accumulator);
            _writer.Line($"{lane} = {LoopTypes.Neutral(accumulator.Kind, type)};");
            return;
        }

        emitter.Statement(statement);
        var local = LoopNames.Local(id, "s");
        _writer.Line(type == DataType.Bool ? $"((int*)&{LoopNames.Local(id)})[{index}] = {local} ? -1 : 0;" : $"{lane} = {local};");
    }

    /// <summary>One lane of a value as a C# expression of its type.</summary>
    private string Read(string id, string local, string index) => _analysis.TypeOf(id) is var type && VectorOps.IsByte(type)
        ? $"({ElementTypes.Value(type)}){Lane(id, local, index)}"
        : Lane(id, local, index);

    /// <summary>One lane of a value as C# that can be assigned.</summary>
    private string Lane(string id, string local, string index) => _analysis.TypeOf(id) switch
    {
        DataType.Float32 or DataType.Int8 or DataType.UInt8 => $"((float*)&{local})[{index}]",
        DataType.Bool => $"(((int*)&{local})[{index}] != 0)",
        var type => $"(*({ElementTypes.Value(type)}*)({local}.Values + {index}))",
    };

    private string Value(string argument, DataType type, string suffix)
    {
        if (Literal.Is(argument))
        {
            return type == DataType.Bool ? (Literal.Text(argument, type) == "true" ? "VF.AllBitsSet" : "VF.Zero") : Create(Literal.Text(argument, type));
        }

        if (_analysis.TypeOf(argument) is var actual && actual != type)
        {
            throw new EmitException($"'{argument}' is {actual} where {type} is meant");
        }

        return _analysis.FormOf(argument) != LaneForm.Uniform ? LoopNames.Local(argument, suffix)
            : _broadcasts.TryGetValue(argument, out var local) ? local
            : Spread(argument);
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

    private string Address(Access access, DataType type, int copy)
    {
        var lane = copy == 0 ? _lane : $"{_lane} + {LoopNames.Text(copy * Lanes)}";
        if (access.Terms.All(t => t.Variable == _variable || IsBefore(t.Variable)))
        {
            var before = _names.Address(access, without: _variable);
            var start = _names.Pointer(access.Buffer, type) + (before == "0" ? "" : $" + ({before})");
            if (_rows.TryGetValue(start, out var row))
            {
                return $"{row} + {lane}";
            }
        }

        var address = _names.Address(access, without: _variable);
        return $"{_names.Pointer(access.Buffer, type)} + ({(address == "0" ? lane : $"{address} + {lane}")})";
    }
}
