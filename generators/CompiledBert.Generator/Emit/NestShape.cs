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

    /// <summary>Writes the share of <c>task</c> of <c>tasks</c>.</summary>
    public void Write(CodeWriter writer, MicroKernels kernels, LoopScope scope)
    {
        var names = new LoopNames(scope);
        var emitter = new LoopEmitter(writer, kernels, names, scope.Step);
        if (_chain.Count == 0)
        {
            using (writer.Block("if (task != 0)"))
            {
                writer.Line("return;");
            }

            emitter.Statements(_prefix);
            emitter.Statements(_rest);
            return;
        }

        var extents = _chain.Select(l => l.Extent.Terms.Count == 1 ? l.Extent.ToString() : $"({l.Extent})").ToArray();
        if (_lanes > 0)
        {
            writer.Line($"long shares = ({extents[0]} + {LoopNames.Text(_lanes - 1)}) / {LoopNames.Text(_lanes)};");
            writer.Line(
                $"long first = shares * task / tasks * {LoopNames.Text(_lanes)}, "
                    + $"end = Math.Min({extents[0]}, shares * (task + 1) / tasks * {LoopNames.Text(_lanes)});");
        }
        else
        {
            writer.Line($"long shares = {string.Join(" * ", extents)};");
            writer.Line("long first = shares * task / tasks, end = shares * (task + 1) / tasks;");
        }

        using (writer.Block("if (first >= end)"))
        {
            writer.Line("return;");
        }

        emitter.Statements(_prefix);
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
            writer.Line(i == 0 ? $"long {variable} = {rest};" : $"long {variable} = {rest} % {extents[i]};");
            names.Bind(_chain[i].Variable, DataType.Int64, variable);
            rest = i == _chain.Count - 1 ? $"first / {extents[i]}" : $"{rest} / {extents[i]}";
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
