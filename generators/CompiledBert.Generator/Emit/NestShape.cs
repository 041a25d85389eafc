using CompiledBert.Compiler;
using CompiledBert.Generator.Emit.Loops;

namespace CompiledBert.Generator.Emit;

/// <summary>How a nest is cut into shares: by its chain of parallel loops, flattened; by blocks of its one loop of lanes; or not at all.</summary>
internal sealed class NestShape
{
    private readonly IReadOnlyList<Statement> _prefix;
    private readonly IReadOnlyList<Loop> _chain;
    private readonly IReadOnlyList<Statement> _rest;
    private readonly int _lanes;

    private NestShape(IReadOnlyList<Statement> prefix, IReadOnlyList<Loop> chain, IReadOnlyList<Statement> rest, int lanes)
    {
        _prefix = prefix;
        _chain = chain;
        _rest = rest;
        _lanes = lanes;
    }

    /// <summary>C# expression of how many shares there are; null where one task does all.</summary>
    public string? Shares => _chain.Count == 0 ? null
        : _lanes > 0 ? $"({_chain[0].Extent} + {LoopNames.Text(_lanes - 1)}) / {LoopNames.Text(_lanes)}"
        : string.Join(" * ", _chain.Select(l => l.Extent.Terms.Count == 1 ? l.Extent.ToString() : $"({l.Extent})"));

    /// <summary>The shape of a body: leading values, then parallel loops directly inside each other, then the rest.</summary>
    public static NestShape Of(IReadOnlyList<Statement> body, int lanes)
    {
        var prefix = body.TakeWhile(s => s is Let).ToArray();
        var rest = (IReadOnlyList<Statement>)[.. body.Skip(prefix.Length)];
        var chain = new List<Loop>();
        while (rest.Count == 1 && rest[0] is Loop { Kind: LoopKind.Parallel } loop)
        {
            chain.Add(loop);
            rest = loop.Body;
        }

        if (chain.Count == 0 && rest.Count == 1 && rest[0] is Loop { Kind: LoopKind.Lanes } flat)
        {
            return new(prefix, [flat], [], lanes);
        }

        return new(prefix, chain, rest, 0);
    }

    /// <summary>The first iteration of a share.</summary>
    public string Bound(string share) => _lanes > 0 ? $"Math.Min({_chain[0].Extent}, {share} * {LoopNames.Text(_lanes)})" : share;

    /// <summary>Writes the iterations from <c>first</c> to <c>end</c> − 1.</summary>
    public void Write(CodeWriter writer, MicroKernels kernels, LoopScope scope)
    {
        var names = new LoopNames(scope);
        var emitter = new LoopEmitter(writer, kernels, names, scope.Step);
        emitter.Statements(_prefix);
        if (_chain.Count == 0)
        {
            emitter.Statements(_rest);
            return;
        }

        if (_chain.Count == 1)
        {
            emitter.Range(_chain[0], "first", "end");
            return;
        }

        // The flat index is taken apart once; then the variables count as an odometer does.
        var rest = "first";
        for (var i = _chain.Count - 1; i >= 0; i--)
        {
            var variable = LoopNames.Local(_chain[i].Variable);
            writer.Line(i == 0 ? $"long {variable} = {rest};" : $"long {variable} = {rest} % ({_chain[i].Extent});");
            names.Bind(_chain[i].Variable, DataType.Int64, variable);
            rest = i == _chain.Count - 1 ? $"first / ({_chain[i].Extent})" : $"{rest} / ({_chain[i].Extent})";
        }

        using (writer.Block("for (long i = first; i < end; i++)"))
        {
            emitter.Statements(_rest);
            Count(writer, _chain.Count - 1);
        }
    }

    private void Count(CodeWriter writer, int loop)
    {
        var variable = LoopNames.Local(_chain[loop].Variable);
        if (loop == 0)
        {
            writer.Line($"{variable}++;");
            return;
        }

        using (writer.Block($"if (++{variable} == {_chain[loop].Extent})"))
        {
            writer.Line($"{variable} = 0;");
            Count(writer, loop - 1);
        }
    }
}
