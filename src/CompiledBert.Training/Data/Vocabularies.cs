using CompiledBert.Compiler.Heads;
using CompiledBert.Training.Runs;
using Tokenizer = CompiledBert.Text.Tokenizer;

namespace CompiledBert.Training.Data;

/// <summary>
/// The vocabularies that a student may have: its teacher's, or a part of it. What the texts to learn from are made of always stays, so that they are cut as for the
/// teacher, and so do single letters of theirs; then come the other tokens by their ids, which files number by how frequent they are.
/// </summary>
internal sealed class Vocabularies
{
    private readonly string _modelPath;
    private readonly Material _material;
    private readonly int[] _order;

    /// <param name="modelPath">The teacher, whose tokenizer it is.</param>
    /// <param name="material">What the run works on.</param>
    /// <param name="tellsTokens">Whether results are of tokens, which student and teacher must have in common then.</param>
    public Vocabularies(string modelPath, Material material, bool tellsTokens)
    {
        (_modelPath, _material, Whole) = (modelPath, material, material.Model.Shape.Vocabulary);
        Obstacle = tellsTokens ? "what is told of every token is compared with what the teacher tells of it"
            : TokenizerPruning.IsPossible(material.TokenizerFolder) ? null
            : "its tokenizer merges pairs of tokens (BPE), so none can be left out";
        var needed = Obstacle is null ? Needed(material) : [.. Enumerable.Range(0, Whole)];
        Least = needed.Count;
        _order = [.. needed.Order(), .. Enumerable.Range(0, Whole).Where(id => !needed.Contains(id))];
    }

    /// <summary>Tokens of the teacher.</summary>
    public int Whole { get; }

    /// <summary>The fewest tokens that there may be.</summary>
    public int Least { get; }

    /// <summary>Why none can be left out; null where some can.</summary>
    public string? Obstacle { get; }

    /// <summary>The usual choices: a quarter and a half of the tokens, where that is enough, and all.</summary>
    public IReadOnlyList<int> Choices => [.. new[] { Whole / 4, Whole / 2, Whole }.Select(count => Math.Max(count, Least)).Distinct()];

    /// <summary>The ids that stay where there are so many, rising.</summary>
    public IReadOnlyList<int> Kept(int count) => [.. _order.Take(count).Order()];

    /// <summary>The files of the tokenizer of so many tokens, whose ids are places among those that are kept.</summary>
    public IEnumerable<(string Name, byte[] Content)> Files(int count) => TokenizerPruning.Files(_material.TokenizerFolder, Kept(count));

    /// <summary>The texts held out as they are cut where there are so many tokens, in the teacher's ids.</summary>
    public IReadOnlyList<Example> Held(int count)
    {
        if (count == Whole)
        {
            return _material.Held;
        }

        var kept = Kept(count);
        return [.. _material.HeldBy(TokenizerOf(count)).Select(e => e with { Ids = [.. e.Ids.Select(id => kept[id])] })];
    }

    private Tokenizer TokenizerOf(int count)
    {
        var folder = Directory.CreateTempSubdirectory("compiledbert-");
        try
        {
            foreach (var (name, content) in Files(count))
            {
                File.WriteAllBytes(Path.Combine(folder.FullName, name), content);
            }

            return FolderTokenizer.Read(_modelPath, folder.FullName)!;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static HashSet<int> Needed(Material material)
    {
        var tokens = Enumerable.Range(0, material.Tokenizer.VocabularySize).Select(material.Tokenizer.TokenOf).ToList();
        var needed = material.Train.SelectMany(e => e.Ids).Concat(TokenizerPruning.Needed(material.TokenizerFolder)).ToHashSet();
        var letters = needed.SelectMany(id => Bare(tokens[id]).EnumerateRunes()).ToHashSet();
        needed.UnionWith(Enumerable.Range(0, tokens.Count).Where(id =>
            tokens[id].Length > 0 && Bare(tokens[id]).EnumerateRunes().ToList() is { Count: < 2 } bare && bare.TrueForAll(letters.Contains)));
        return needed;
    }

    /// <summary>A token without the mark of its place in a word.</summary>
    private static string Bare(string token) => token.StartsWith("##", StringComparison.Ordinal) ? token[2..] : token.TrimStart('▁');
}
