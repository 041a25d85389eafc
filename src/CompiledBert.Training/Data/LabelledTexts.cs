using System.Globalization;
using CompiledBert.Compiler;
using CompiledBert.Compiler.Heads;
using CompiledBert.Text;

namespace CompiledBert.Training.Data;

/// <summary>A file of texts and labels (<see cref="LabelledRow"/>), tokenized.</summary>
/// <param name="Labels">The labels' names in the order of their numbers.</param>
/// <param name="Examples">All rows, tokenized.</param>
public sealed record LabelledTexts(IReadOnlyList<string> Labels, IReadOnlyList<Example> Examples)
{
    private const int MostLabels = 1000;

    /// <summary>Reads and tokenizes a file.</summary>
    /// <param name="path">The file, in UTF-8.</param>
    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="maxTokens">The most tokens of a text, special ones included; what is beyond is left out.</param>
    /// <param name="labels">The labels that are known already, which a file may also name by their numbers; null to take those of the file.</param>
    /// <exception cref="CompileException">The file is missing, a line is not a text and a label, or a label is not known.</exception>
    public static LabelledTexts Read(string path, Tokenizer tokenizer, int maxTokens, IReadOnlyList<string>? labels = null)
    {
        var rows = LabelledRow.Read(path);
        var found = rows.Select(r => r.Label).Distinct(StringComparer.Ordinal).ToList();
        labels ??= NamesOf(found);
        if (labels.Count is < 2 or > MostLabels)
        {
            throw DiagnosticTable.TrainingLabels.Error(path, null, string.Create(
                CultureInfo.InvariantCulture,
                $"there are {labels.Count} different labels, and 2 to {MostLabels} are needed"));
        }

        LabelledRow.Check(path, rows, labels);
        var numbers = LabelledRow.Numbers(labels);
        var text = new TokenizedText();
        return new LabelledTexts(labels, [.. rows.Select(row =>
        {
            tokenizer.Encode(row.Text, text, maxTokens);
            return new Example(text.Ids.ToArray(), [.. text.TypeIds.ToArray().Select(t => (byte)t)], numbers[row.Label]);
        })]);
    }

    /// <summary>Splits off every so many rows, by chance but always the same ones.</summary>
    /// <param name="examples">The rows.</param>
    /// <param name="share">How many go into the second part: one of so many.</param>
    public static (IReadOnlyList<Example> Train, IReadOnlyList<Example> Held) Split(IReadOnlyList<Example> examples, int share)
    {
        var order = Enumerable.Range(0, examples.Count).ToArray();
        new Random(20).Shuffle(order);
        var count = Math.Max(1, examples.Count / share);
        return ([.. order.Skip(count).Select(i => examples[i])], [.. order.Take(count).Select(i => examples[i])]);
    }

    /// <summary>Numbers in their order, names by the alphabet.</summary>
    private static List<string> NamesOf(List<string> found) =>
        found.TrueForAll(l => int.TryParse(l, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            ? [.. found.OrderBy(l => int.Parse(l, CultureInfo.InvariantCulture))]
            : [.. found.Order(StringComparer.Ordinal)];
}
