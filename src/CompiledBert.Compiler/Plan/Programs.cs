namespace CompiledBert.Compiler;

/// <summary>What reading and rewriting of loop programs have in common.</summary>
internal static class Programs
{
    /// <summary>All statements with those inside loops, in order.</summary>
    public static IEnumerable<Statement> Flatten(IEnumerable<Statement> statements) =>
        statements.SelectMany(s => s is Loop loop ? Flatten(loop.Body).Prepend(s) : [s]);

    /// <summary>How often each name is read.</summary>
    public static IReadOnlyDictionary<string, int> CountReads(IEnumerable<Statement> statements) =>
        Flatten(statements).SelectMany(Reads).GroupBy(name => name, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);

    /// <summary>The statement with every read of a name replaced by another name.</summary>
    public static Statement Rename(Statement statement, string from, string to)
    {
        string Name(string name) => name == from ? to : name;
        Access Place(Access access) => access with { Terms = [.. access.Terms.Select(t => t with { Variable = Name(t.Variable) })] };
        return statement switch
        {
            Loop loop => loop with { Body = [.. loop.Body.Select(s => Rename(s, from, to))] },
            Let let => let with { Args = [.. let.Args.Select(Name)] },
            Load load => load with { From = Place(load.From) },
            Store store => new Store(Place(store.To), Name(store.Value)),
            Accumulate accumulate => new Accumulate(accumulate.Accumulator, Name(accumulate.Value)),
            _ => statement,
        };
    }

    /// <summary>Whether an access is the element of a buffer at one variable and nothing else.</summary>
    public static bool IsElement(Access access, string variable) =>
        access.Offset.Is(0) && access.Terms is [var term] && term.Variable == variable && term.Stride.Is(1);

    private static IEnumerable<string> Reads(Statement statement) => statement switch
    {
        Let { Op: not "dim" } let => let.Args,
        Load load => load.From.Terms.Select(t => t.Variable),
        Store store => store.To.Terms.Select(t => t.Variable).Append(store.Value),
        Accumulate accumulate => [accumulate.Value],
        _ => [],
    };
}
