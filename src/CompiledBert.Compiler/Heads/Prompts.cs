namespace CompiledBert.Compiler.Heads;

/// <summary>What stands before texts.</summary>
/// <param name="Usual">Before every text that is called neither query nor passage.</param>
/// <param name="Query">Before queries; null where they are not told apart from passages.</param>
/// <param name="Passage">Before passages; null where they are not told apart from queries.</param>
/// <param name="From">Who says so.</param>
internal sealed record Prompts(string Usual, string? Query, string? Passage, string From)
{
    /// <summary>Whether there is one at all.</summary>
    public bool AreThere => Usual.Length + (Query?.Length ?? 0) + (Passage?.Length ?? 0) > 0;

    /// <summary>
    /// What metadata say, or else the files. A prefix by metadata is before all texts, whatever the files have for some. Where one side has a prompt, the
    /// other one is told apart from it, too.
    /// </summary>
    public static Prompts Of(CompileOptions options, SentenceModules modules)
    {
        var isAsked = options.Prefix is not null || options.QueryPrefix is not null || options.PassagePrefix is not null;
        var usual = options.Prefix ?? modules.Prefix;
        var query = options.QueryPrefix ?? (options.Prefix is null ? modules.QueryPrefix : null);
        var passage = options.PassagePrefix ?? (options.Prefix is null ? modules.PassagePrefix : null);
        var from = isAsked ? "metadata" : "config_sentence_transformers.json";
        return query is null && passage is null ? new Prompts(usual, null, null, from) : new Prompts(usual, query ?? usual, passage ?? usual, from);
    }

    /// <summary>Tells what was decided, where there is anything to tell.</summary>
    public void Decide(Action<string, string, string> decide)
    {
        foreach (var (name, text) in new[] { ("prefix", Usual), ("query prefix", Query), ("passage prefix", Passage) })
        {
            if (text is not null && AreThere)
            {
                decide(name, PlanText.Quote(text), From);
            }
        }
    }
}
