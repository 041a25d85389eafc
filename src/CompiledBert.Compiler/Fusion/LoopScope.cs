namespace CompiledBert.Compiler.Fusion;

/// <summary>A value of a loop program under construction: an id or a literal, and the depth of the scope that holds it.</summary>
internal readonly record struct Operand(string Text, DataType Type, int Depth)
{
    /// <summary>Whether it is a literal; ids and loop variables begin with letters that no literal begins with.</summary>
    public bool IsLiteral => Text is "inf" or "nan" or "true" or "false" || Text[0] is '-' or (>= '0' and <= '9');
}

/// <summary>The statements of one loop body under construction, with what is already known in it.</summary>
internal sealed class LoopScope(string? variable, Dim extent, LoopKind kind)
{
    /// <summary>The loop's variable; null for the outermost scope.</summary>
    public string? Variable { get; } = variable;

    public Dim Extent { get; } = extent;

    public LoopKind Kind { get; } = kind;

    public List<Statement> Body { get; } = [];

    /// <summary>Values computed here, by what they are.</summary>
    public Dictionary<string, Operand> Known { get; } = new(StringComparer.Ordinal);
}

/// <summary>
/// Writes the body of a loop program. Every value lands in the outermost scope that has all it depends on, so that what does not vary in a loop is
/// computed before it; depth 0 is the body of the parallel loops.
/// </summary>
internal sealed class LoopWriter
{
    private readonly List<LoopScope> _scopes = [new LoopScope(null, Dim.One, LoopKind.Parallel)];
    private readonly Dictionary<string, int> _depthOf = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Dim> _extentOf = new(StringComparer.Ordinal);
    private int _ids;
    private int _variables;

    /// <summary>The depth of the innermost open scope.</summary>
    public int Depth => _scopes.Count - 1;

    /// <summary>The innermost open scope.</summary>
    public LoopScope Innermost => _scopes[^1];

    /// <summary>The body of the parallel loops.</summary>
    public List<Statement> Body => _scopes[0].Body;

    /// <summary>The extent of a loop variable; null for other values.</summary>
    public Dim? ExtentOf(string variable) => _extentOf.GetValueOrDefault(variable);

    /// <summary>Declares a variable of a parallel loop around everything.</summary>
    public void Outer(string variable, Dim extent)
    {
        _depthOf[variable] = 0;
        _extentOf[variable] = extent;
    }

    /// <summary>A name for a loop variable that is not taken.</summary>
    public string NewVariable(string prefix) => prefix + (_variables++).ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Opens a loop at the current depth.</summary>
    public string Open(string variable, Dim extent, LoopKind kind)
    {
        _scopes.Add(new LoopScope(variable, extent, kind));
        _depthOf[variable] = Depth;
        _extentOf[variable] = extent;
        return variable;
    }

    /// <summary>Closes the innermost loop and puts it into the scope around it.</summary>
    public void Close()
    {
        var scope = Innermost;
        _scopes.RemoveAt(Depth);
        Innermost.Body.Add(new Loop(scope.Variable!, scope.Extent, scope.Kind, scope.Body));
    }

    /// <summary>Runs an action with the scopes deeper than <paramref name="depth"/> set aside.</summary>
    public T AtDepth<T>(int depth, Func<T> action)
    {
        var inner = _scopes.GetRange(depth + 1, Depth - depth);
        _scopes.RemoveRange(depth + 1, inner.Count);
        var result = action();
        _scopes.AddRange(inner);
        return result;
    }

    /// <summary>The depth at which an index is known.</summary>
    public int DepthOf(IEnumerable<Affine> index) => index.SelectMany(i => i.Terms).Select(t => _depthOf[t.Variable]).DefaultIfEmpty(0).Max();

    /// <summary>Loop variables of the open scopes up to a depth.</summary>
    public IEnumerable<string> VariablesUpTo(int depth) => _extentOf.Keys.Where(v => _depthOf[v] == 0 || _scopes.Take(depth + 1).Any(s => s.Variable == v));

    /// <summary>What is known under a key in any open scope.</summary>
    public Operand? Find(string key)
    {
        for (var depth = Depth; depth >= 0; depth--)
        {
            if (_scopes[depth].Known.TryGetValue(key, out var operand))
            {
                return operand;
            }
        }

        return null;
    }

    /// <summary>Remembers a value at its depth.</summary>
    public Operand Remember(string key, Operand operand)
    {
        _scopes[Math.Min(operand.Depth, Depth)].Known[key] = operand;
        return operand;
    }

    /// <summary>Writes a value that an operation makes, at the depth of its deepest argument.</summary>
    public Operand Let(DataType type, string op, params ReadOnlySpan<Operand> args)
    {
        var depth = 0;
        var texts = new string[args.Length];
        for (var i = 0; i < args.Length; i++)
        {
            depth = Math.Max(depth, args[i].Depth);
            texts[i] = args[i].Text;
        }

        var key = $"{op} {type} {string.Join(' ', texts)}";
        if (Find(key) is { } known)
        {
            return known;
        }

        var result = New(type, depth);
        _scopes[depth].Body.Add(new Let(result.Text, type, op, texts));
        return Remember(key, result);
    }

    /// <summary>Writes a load.</summary>
    public Operand Load(DataType type, string buffer, Affine address)
    {
        var key = $"load {buffer} {address}";
        if (Find(key) is { } known)
        {
            return known;
        }

        var result = New(type, DepthOf([address]));
        _scopes[result.Depth].Body.Add(new Load(result.Text, type, new Access(buffer, address.Offset, address.Terms)));
        return Remember(key, result);
    }

    /// <summary>Writes a store into the innermost scope.</summary>
    public void Store(string buffer, Affine address, Operand value) =>
        Innermost.Body.Add(new Store(new Access(buffer, address.Offset, address.Terms), value.Text));

    /// <summary>Starts an accumulator in the innermost scope.</summary>
    public Operand Accumulator(DataType type, string kind)
    {
        var result = New(type, Depth);
        Innermost.Body.Add(new Accumulator(result.Text, type, kind));
        return result;
    }

    /// <summary>Feeds an accumulator in the innermost scope.</summary>
    public void Accumulate(Operand accumulator, Operand value) => Innermost.Body.Add(new Accumulate(accumulator.Text, value.Text));

    /// <summary>A loop variable as a value.</summary>
    public Operand Variable(string name) => new(name, DataType.Int64, _depthOf[name]);

    private Operand New(DataType type, int depth)
    {
        var id = "v" + (_ids++).ToString(System.Globalization.CultureInfo.InvariantCulture);
        _depthOf[id] = depth;
        return new Operand(id, type, depth);
    }
}
