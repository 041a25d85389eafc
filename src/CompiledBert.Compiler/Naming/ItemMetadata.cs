namespace CompiledBert.Compiler;

/// <summary>
/// The metadata of a <c>BertModel</c> item in one table: the task hands these on, the compiler's process and the tool check them, and both READMEs list them.
/// </summary>
public static class ItemMetadata
{
    /// <summary>The shortest name that two letters may be wrong in.</summary>
    private const int LongName = 6;

    /// <summary>Every name, in the order of the READMEs.</summary>
    public static IReadOnlyList<Entry> All { get; } =
    [
        new("Name"),
        new("Namespace"),
        new("Access", "public", "internal"),
        new("Outputs"),
        new("Weights", "embedded", "file"),
        new("Threads"),
        new("MaxTokens"),
        new("Targets"),
        new("Precision", "fp32", "int8"),
        new("Calibration") { IsProjectFile = true },
        new("Head", "raw", "embed", "classify", "tag", "answer", "score", "mask"),
        new("Pooling", "mean", "meansqrt", "max", "cls", "last"),
        new("Normalize", "true", "false"),
        new("Labels"),
        new("Prefix") { KeepsBlanks = true },
        new("QueryPrefix") { KeepsBlanks = true },
        new("PassagePrefix") { KeepsBlanks = true },
        new("Tokenizer"),
        new("Report", "json", "html", "none"),
        new("LatencyBudget"),
        new("SizeBudget"),
        new("MemoryBudget"),
        new("Profile") { IsProjectFile = true },
        new("Baseline") { IsProjectFile = true },
        new("BaselineTolerance"),
    ];

    /// <summary>The values that a name may have, the default first where there is one; none where it takes more than a choice.</summary>
    public static IReadOnlyList<string> ValuesOf(string name) => All.Single(entry => entry.Name == name).Values;

    /// <summary>The name that somebody meant who wrote one that is not known: one letter off, two in longer names; null where none is near.</summary>
    public static string? Near(string unknown) => All
        .Select(entry => (entry.Name, Distance: Distance(entry.Name.ToUpperInvariant(), unknown.ToUpperInvariant())))
        .Where(near => near.Distance <= (near.Name.Length < LongName ? 1 : 2))
        .OrderBy(near => near.Distance)
        .Select(near => near.Name)
        .FirstOrDefault();

    /// <summary>Letters to insert, remove, replace or swap with the next to make one of the other.</summary>
    private static int Distance(string one, string other)
    {
        var table = new int[one.Length + 1, other.Length + 1];
        for (var i = 0; i <= one.Length; i++)
        {
            for (var j = 0; j <= other.Length; j++)
            {
                table[i, j] = i == 0 || j == 0 ? i + j : Math.Min(
                    Math.Min(table[i - 1, j], table[i, j - 1]) + 1,
                    table[i - 1, j - 1] + (one[i - 1] == other[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1])
                {
                    table[i, j] = Math.Min(table[i, j], table[i - 2, j - 2] + 1);
                }
            }
        }

        return table[one.Length, other.Length];
    }

    /// <summary>One name.</summary>
    /// <param name="Name">The name.</param>
    /// <param name="Values">The values that it may have, where it is a choice.</param>
    public sealed record Entry(string Name, params string[] Values)
    {
        /// <summary>Whether it names a file relative to the project.</summary>
        public bool IsProjectFile { get; init; }

        /// <summary>Whether blanks around it count ("query: " is not "query:"), and an empty one is one.</summary>
        public bool KeepsBlanks { get; init; }
    }
}
