using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Fusion;

/// <summary>Several loops over rows as one: a nest over [B, T] as a program over the rows m of a matrix product.</summary>
internal static class RowLoops
{
    /// <summary>
    /// The stride of one loop that runs through several nested ones, outermost first: they must follow each other evenly, or not occur at all.
    /// Null where they do not.
    /// </summary>
    public static Dim? CollapsedStride(IReadOnlyList<AccessTerm> terms, IReadOnlyList<(string Variable, Dim Extent)> loops)
    {
        Dim StrideOf(string variable) => terms.FirstOrDefault(t => t.Variable == variable)?.Stride ?? Dim.Zero;
        for (var i = 0; i + 1 < loops.Count; i++)
        {
            if (StrideOf(loops[i].Variable) != loops[i + 1].Extent * StrideOf(loops[i + 1].Variable))
            {
                return null;
            }
        }

        return loops.Count == 0 ? Dim.Zero : StrideOf(loops[^1].Variable);
    }

    /// <summary>
    /// The body of a nest's parallel loops over the variable <c>m</c>; null where an address cannot be told by the row alone, or where the rows of
    /// <paramref name="product"/> (of <paramref name="width"/> elements) are not read each by its own.
    /// </summary>
    public static IReadOnlyList<Statement>? Collapse(IReadOnlyList<Statement> body, Dim rows, string product, Dim width)
    {
        var loops = new List<(string Variable, Dim Extent)>();
        while (body is [Loop { Kind: LoopKind.Parallel } loop])
        {
            loops.Add((loop.Variable, loop.Extent));
            body = loop.Body;
        }

        if (loops.Aggregate(Dim.One, (count, loop) => count * loop.Extent) != rows)
        {
            return null;
        }

        var fits = true;
        var lanes = Programs.Flatten(body).OfType<Loop>().Where(l => l.Kind == LoopKind.Lanes).Select(l => l.Variable).ToHashSet(StringComparer.Ordinal);
        var outer = loops.Select(l => l.Variable).ToHashSet(StringComparer.Ordinal);

        Access Rewrite(Access access)
        {
            if (CollapsedStride(access.Terms, loops) is not { } stride)
            {
                fits = false;
                return access;
            }

            List<AccessTerm> terms = [.. access.Terms.Where(t => !outer.Contains(t.Variable))];
            if (access.Buffer == product)
            {
                fits &= (loops.Count == 0 || stride == width) && access.Offset.Is(0)
                    && (width.Is(1) ? terms.Count == 0 : terms.Count == 1 && terms[0].Stride.Is(1) && lanes.Contains(terms[0].Variable));
            }

            return access with { Terms = stride.Is(0) ? terms : [new AccessTerm("m", stride), .. terms] };
        }

        List<Statement> Walk(IReadOnlyList<Statement> statements) =>
        [
            .. statements.Select(s => s switch
            {
                Loop loop => loop with { Body = Walk(loop.Body) },
                Load load => load with { From = Rewrite(load.From) },
                Store store => (Statement)(store with { To = Rewrite(store.To) }),
                Let let when let.Args.Any(outer.Contains) => Fail(let),
                var other => other,
            }),
        ];

        Statement Fail(Statement statement)
        {
            fits = false;
            return statement;
        }

        var collapsed = Walk(body);
        return fits ? collapsed : null;
    }

    /// <summary>A row program as elementwise work on a tile, where it is one loop of lanes that makes one result from the product's.</summary>
    public static (IReadOnlyList<Statement> Statements, string Result)? AsTile(IReadOnlyList<Statement> row, Dim width, string product, NestDraft nest)
    {
        if (nest.Scratch.Count > 0 || row.Count == 0 || row[^1] is not Loop { Kind: LoopKind.Lanes } lanes || lanes.Extent != width
            || row.SkipLast(1).Concat(lanes.Body.SkipLast(1)).Any(s => s is not (Let or Load))
            || lanes.Body[^1] is not Store store || store.To.Buffer != product)
        {
            return null;
        }

        var names = new Dictionary<string, string>(StringComparer.Ordinal) { [lanes.Variable] = "n" };
        var statements = new List<Statement>();
        foreach (var statement in row.SkipLast(1).Concat(lanes.Body.SkipLast(1)))
        {
            if (statement is Load load && load.From.Buffer == product)
            {
                names[load.Id] = "acc";
                continue;
            }

            statements.Add(statement switch
            {
                Let let => let with { Args = [.. let.Args.Select(a => names.GetValueOrDefault(a, a))] },
                Load other => other with
                {
                    From = other.From with
                    {
                        Terms = [.. other.From.Terms.Select(t => t with { Variable = names.GetValueOrDefault(t.Variable, t.Variable) })],
                    },
                },
                _ => statement,
            });
        }

        return (statements, names.GetValueOrDefault(store.Value, store.Value));
    }
}
