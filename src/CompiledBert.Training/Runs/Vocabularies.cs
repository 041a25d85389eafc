using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using CompiledBert.Compiler;
using CompiledBert.Compiler.Heads;
using CompiledBert.Text;
using CompiledBert.Training.Data;
using Tokenizer = CompiledBert.Text.Tokenizer;

namespace CompiledBert.Training.Runs;

/// <summary>
/// The vocabularies that a student may have: its teacher's, or a part of it. What the texts to learn from are made of always stays, so that they are cut as for the
/// teacher, and so do single letters of theirs; then come the other tokens by their ids, which files number by how frequent they are.
/// </summary>
/// <param name="modelPath">The teacher, whose tokenizer it is.</param>
/// <param name="material">What the run works on.</param>
/// <param name="tellsTokens">Whether results are of tokens, which student and teacher must have in common then.</param>
internal sealed class Vocabularies(string modelPath, Material material, bool tellsTokens)
{
    private readonly ConcurrentDictionary<int, Lazy<IReadOnlyList<Example>>> _held = [];
    private readonly Lazy<(Parts? Parts, string? Obstacle)> _parts = new(() => Tried(() => Read(material)));

    /// <summary>Tokens of the teacher.</summary>
    public int Whole => material.Model.Shape.Vocabulary;

    /// <summary>The usual choices: a quarter and a half of the tokens, or the fewest that there may be where that is more, and all.</summary>
    public IReadOnlyList<int> Choices =>
        [.. new[] { Whole / 4, Whole / 2, Whole }.Select(count => Math.Max(count, _parts.Value.Parts?.Least ?? 0)).Distinct().Where(count => Obstacle(count) is null)];

    private Parts Known => _parts.Value.Parts ?? throw new InvalidOperationException(_parts.Value.Obstacle);

    /// <summary>Why there cannot be so many tokens; null where there can.</summary>
    public string? Obstacle(int count) =>
        count == Whole ? null
        : tellsTokens ? "what is told of every token is compared with what the teacher tells of it"
        : _parts.Value.Parts is not { } parts ? _parts.Value.Obstacle
        : count < parts.Least ? string.Create(CultureInfo.InvariantCulture, $"the texts are made of {parts.Least} tokens, which stay")
        : Tried(() => TokenizerOf(count)) is var (tokenizer, obstacle) && tokenizer is null ? obstacle
        : Agrees(tokenizer!, Kept(count)) ? null : "its tokenizer numbers what is left in another order";

    /// <summary>The ids that stay where there are so many, rising.</summary>
    public IReadOnlyList<int> Kept(int count) => [.. Known.Order.Take(count).Order()];

    /// <summary>The files of the tokenizer of so many tokens, whose ids are places among those that are kept.</summary>
    public IEnumerable<(string Name, byte[] Content)> Files(int count)
    {
        var places = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (place, id) in Kept(count).Index())
        {
            places.TryAdd(material.Tokenizer.TokenOf(id), place);
        }

        return Known.Pruning.Files(token => token.Length > 0 && places.TryGetValue(token, out var place) ? place : null);
    }

    /// <summary>The texts held out as they are cut where there are so many tokens, in the teacher's ids.</summary>
    /// <exception cref="CompileException">The file of texts has changed since the run began.</exception>
    public IReadOnlyList<Example> Held(int count) => count == Whole
        ? material.Held
        : _held.GetOrAdd(count, _ => new Lazy<IReadOnlyList<Example>>(() =>
        {
            var kept = Kept(count);
            return [.. material.HeldBy(TokenizerOf(count)).Select(e => e with { Ids = [.. e.Ids.Select(id => kept[id])] })];
        })).Value;

    private static (T? Made, string? Obstacle) Tried<T>(Func<T> make)
        where T : class
    {
        try
        {
            return (make(), null);
        }
        catch (NotSupportedException e)
        {
            return (null, e.Message);
        }
        catch (Exception e) when (e is CompileException or JsonException or InvalidOperationException or ArgumentException or FormatException)
        {
            return (null, $"its tokenizer's files are not as they should be ({Diagnostic.Abbreviate(e.Message)})");
        }
    }

    private static Parts Read(Material material)
    {
        var (tokenizer, pruning) = (material.Tokenizer, new TokenizerPruning(material.TokenizerFolder));
        var whole = material.Model.Shape.Vocabulary;
        var tokens = Enumerable.Range(0, whole).Select(tokenizer.TokenOf).ToList();
        var needed = material.Train.SelectMany(e => e.Ids).ToHashSet();
        var text = new TokenizedText();
        foreach (var phrase in material.Task.Phrases)
        {
            tokenizer.Encode(phrase, text);
            needed.UnionWith(text.Ids.ToArray());
        }

        var special = pruning.Needed().ToHashSet(StringComparer.Ordinal);
        string Bare(string token) => token.StartsWith(pruning.WordPrefix, StringComparison.Ordinal) ? token[pruning.WordPrefix.Length..] : token;
        var letters = needed.SelectMany(id => Bare(tokens[id]).EnumerateRunes()).ToHashSet();
        needed.UnionWith(Enumerable.Range(0, whole).Where(id => tokens[id].Length > 0
            && (special.Contains(tokens[id]) || (Bare(tokens[id]).EnumerateRunes().ToList() is { Count: < 2 } bare && bare.TrueForAll(letters.Contains)))));
        return new Parts(pruning, needed.Count, [.. needed.Order(), .. Enumerable.Range(0, whole).Where(id => !needed.Contains(id))]);
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

            return FolderTokenizer.Read(modelPath, folder.FullName)!;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private bool Agrees(Tokenizer fewer, IReadOnlyList<int> kept) =>
        fewer.VocabularySize <= kept.Count && kept.Index().All(k => fewer.TokenOf(k.Index) == material.Tokenizer.TokenOf(k.Item));

    private sealed record Parts(TokenizerPruning Pruning, int Least, int[] Order);
}
