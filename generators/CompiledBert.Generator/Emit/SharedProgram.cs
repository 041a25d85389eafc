using System.Globalization;
using CompiledBert.Compiler;

namespace CompiledBert.Generator.Emit;

/// <summary>
/// Gives the values and buffers of a step's loop programs names that do not depend on the layer, so that steps of different layers are the same text
/// and share one method: values become <c>v0, v1 …</c>, buffers become parameters <c>p0, p1 …</c> of type <c>byte*</c>.
/// </summary>
internal sealed class SharedProgram
{
    private readonly HashSet<string> _scratch;
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);
    private readonly List<string> _buffers = [];

    /// <summary>Starts with the names that keep their meaning: private rows, which are no parameters.</summary>
    public SharedProgram(IEnumerable<string> scratch) => _scratch = new HashSet<string>(scratch, StringComparer.Ordinal);

    /// <summary>The step's buffers, in the order of the parameters.</summary>
    public IReadOnlyList<string> Buffers => _buffers;

    /// <summary>Parameters of the shared method, after the frame and the task: <c>, byte* p0, byte* p1</c>.</summary>
    public string Parameters => string.Concat(_buffers.Select((_, i) => $", byte* p{Text(i)}"));

    /// <summary>Arguments of a call from the step's method.</summary>
    public string Arguments => string.Concat(_buffers.Select(b => $", f->{b}"));

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

    /// <summary>A scope in which every buffer met so far is its parameter.</summary>
    public LoopScope Scope()
    {
        var scope = new LoopScope();
        foreach (var buffer in _buffers)
        {
            scope.Pointers[buffer] = Pointer(buffer);
        }

        return scope;
    }

    /// <summary>The new name of a value; names that no statement introduced stay as they are.</summary>
    public string Value(string id) => _values.TryGetValue(id, out var name) ? name : id;

    /// <summary>The statements with their values renamed; their buffers become parameters.</summary>
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

    private Access Rename(Access access)
    {
        if (!_scratch.Contains(access.Buffer))
        {
            Pointer(access.Buffer);
        }

        return access with { Terms = [.. access.Terms.Select(t => t with { Variable = Value(t.Variable) })] };
    }

    private string Introduce(string id) => _values[id] = "v" + Text(_values.Count);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
