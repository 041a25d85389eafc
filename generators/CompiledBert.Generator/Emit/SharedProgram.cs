using System.Globalization;
using CompiledBert.Compiler;

namespace CompiledBert.Generator.Emit;

/// <summary>
/// Gives the values and buffers of a step's loop programs names that do not depend on the layer, so that steps of different layers are the same text
/// and share one method: values become <c>v0, v1 …</c>, buffers become parameters <c>p0, p1 …</c> of type <c>byte*</c>, private rows <c>r0, r1 …</c>.
/// </summary>
internal sealed class SharedProgram
{
    private readonly StepContext _context;
    private readonly Dictionary<string, (string Name, string Pointer)> _scratch = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);
    private readonly List<string> _buffers = [];
    private int _introduced;

    /// <summary>Starts with a step's private rows, for which it asks scratch memory.</summary>
    public SharedProgram(StepContext context, IReadOnlyList<Scratch> scratch)
    {
        _context = context;
        foreach (var row in scratch)
        {
            var offset = context.RequestScratch((row.Elements * Math.Max(1, row.Type.BitsOf() / 8)).ToString());
            _scratch.Add(row.Id, ($"r{Text(_scratch.Count)}", offset == "0" ? StepContext.TaskScratch : $"({StepContext.TaskScratch} + {offset})"));
        }
    }

    /// <summary>The parameter that stands for a buffer.</summary>
    public string Pointer(string buffer)
    {
        var index = _buffers.IndexOf(buffer);
        if (index < 0)
        {
            index = _buffers.Count;
            _buffers.Add(buffer);
        }

        return "p" + Text(index);
    }

    /// <summary>A parameter of its own for a buffer of another step, which may be one of this step's, too: layers stay the same text.</summary>
    public string Foreign(string buffer)
    {
        _buffers.Add(buffer);
        return "p" + Text(_buffers.Count - 1);
    }

    /// <summary>Writes the shared method around a body, and the step's own method that calls it.</summary>
    /// <param name="name">The shared method's name.</param>
    /// <param name="writer">Where the step's method goes.</param>
    /// <param name="writeBody">Writes the body; all buffers must have been met before.</param>
    public void Write(string name, CodeWriter writer, Action<CodeWriter> writeBody)
    {
        var call = Share(name, writeBody);
        using (writer.Block(_context.MethodHead()))
        {
            writer.Line(call);
        }
    }

    /// <summary>Writes the shared method around a body.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="writeBody">Writes the body; all buffers must have been met before.</param>
    /// <returns>C# of the call.</returns>
    public string Share(string name, Action<CodeWriter> writeBody)
    {
        var method = _context.Kernels.Share(name, (text, given) =>
        {
            using (text.Block($"""
                [MethodImpl(MethodImplOptions.AggressiveOptimization)]
                private static void {given}(Frame* f, int task, int tasks{string.Concat(_buffers.Select((_, i) => $", byte* p{Text(i)}"))})
                """))
            {
                if (_context.SymbolLocals.Length > 0)
                {
                    text.Line(_context.SymbolLocals);
                }

                writeBody(text);
            }
        });
        return $"{method}(f, task, tasks{string.Concat(_buffers.Select(b => $", f->{b}"))});";
    }

    /// <summary>A scope of the renamed program within the shared method.</summary>
    public LoopScope Scope()
    {
        var scope = new LoopScope { Step = StepContext.OneLine(_context.Step.Title) };
        for (var i = 0; i < _buffers.Count; i++)
        {
            scope.Pointers["p" + Text(i)] = "p" + Text(i);
        }

        foreach (var row in _scratch.Values)
        {
            scope.Pointers[row.Name] = row.Pointer;
        }

        return scope;
    }

    /// <summary>The new name of a value; names that no statement introduced stay as they are.</summary>
    public string Value(string id) => _values.TryGetValue(id, out var name) ? name : id;

    /// <summary>The statements with their values renamed; their buffers become parameters and their private rows scratch memory.</summary>
    public IReadOnlyList<Statement> Rename(IReadOnlyList<Statement> statements) => [.. statements.Select(Rename)];

    private Statement Rename(Statement statement) => statement switch
    {
        Loop loop => loop with { Body = Rename(loop.Body) },
        Let let => let with { Args = [.. let.Args.Select(Value)], Id = Introduce(let.Id) },
        Load load => load with { From = Rename(load.From), Id = Introduce(load.Id) },
        Store store => store with { To = Rename(store.To), Value = Value(store.Value) },
        Accumulator accumulator => accumulator with { Id = Introduce(accumulator.Id) },
        Accumulate accumulate => accumulate with { Accumulator = Value(accumulate.Accumulator), Value = Value(accumulate.Value) },
        _ => throw new ArgumentOutOfRangeException(nameof(statement), statement.GetType().Name, "Unknown statement."),
    };

    private Access Rename(Access access) => access with
    {
        Buffer = _scratch.TryGetValue(access.Buffer, out var row) ? row.Name : Pointer(access.Buffer),
        Terms = [.. access.Terms.Select(t => t with { Variable = Value(t.Variable) })],
    };

    // A step has several programs, whose values may have the same ids.
    private string Introduce(string id) => _values[id] = "v" + Text(_introduced++);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
