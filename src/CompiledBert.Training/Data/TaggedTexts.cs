using System.Globalization;
using CompiledBert.Compiler;
using CompiledBert.Text;

namespace CompiledBert.Training.Data;

/// <summary>
/// A file of words and their tags, as CoNLL-2003 has them: a word on every line with its tag in another column, columns apart by tabs or blanks,
/// and an empty line behind a sentence. Of several columns the tag's is the last one of nothing but <c>O</c>, <c>B-…</c> and <c>I-…</c>; without
/// such a one it is the last.
/// </summary>
internal static class TaggedTexts
{
    private const string Document = "-DOCSTART-";

    /// <summary>Reads and tokenizes a file in UTF-8. A word's tag is that of its first token; the others have none.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="maxTokens">The most tokens of a sentence, special ones included; what is beyond is left out.</param>
    /// <param name="labels">The tags that are known already; null to take those of the file.</param>
    /// <exception cref="CompileException">The file is missing or has no sentences, a line is not a word and a tag, or a tag is not known.</exception>
    public static LabelledTexts Read(string path, Tokenizer tokenizer, int maxTokens, IReadOnlyList<string>? labels)
    {
        var rows = RowsOf(path);
        var column = TagColumn(rows);
        string[] found =
            [.. rows.Where(r => r.Columns is not null).Select(r => r.Columns![column]).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        labels ??= found;
        if (labels.Count < 2)
        {
            throw DiagnosticTable.TrainingLabels.Error(path, null, string.Create(
                CultureInfo.InvariantCulture,
                $"there are {labels.Count} different tags, and at least 2 are needed"));
        }

        var numbers = labels.Select((label, i) => (label, i)).ToDictionary(l => l.label, l => l.i, StringComparer.Ordinal);
        if (rows.FirstOrDefault(r => r.Columns is { } columns && !numbers.ContainsKey(columns[column])) is { Columns: { } unknown } row)
        {
            throw DiagnosticTable.TrainingLabels.Error(path, null, string.Create(
                CultureInfo.InvariantCulture,
                $"line {row.Line} has '{Diagnostic.Abbreviate(unknown[column])}', "
                    + $"and the tags are {string.Join(", ", labels.Take(20).Select(Diagnostic.Abbreviate))}"));
        }

        return new LabelledTexts(labels, [.. Sentences(rows).Select(sentence => Of(sentence, column, tokenizer, maxTokens, numbers))]);
    }

    private static Example Of(List<string[]> sentence, int column, Tokenizer tokenizer, int maxTokens, Dictionary<string, int> numbers)
    {
        var text = new TokenizedText();
        tokenizer.EncodeWords([.. sentence.Select(columns => columns[0])], text, maxTokens);
        var tags = new int[text.Count];
        var last = -1;
        for (var i = 0; i < tags.Length; i++)
        {
            var word = text.Words[i];
            (tags[i], last) = word >= 0 && word != last ? (numbers[sentence[word][column]], word) : (Example.NoLabel, last);
        }

        return new Example(text.Ids.ToArray(), [.. text.TypeIds.ToArray().Select(t => (byte)t)], Example.NoLabel) { Tags = tags };
    }

    /// <summary>All lines with their columns; null for one that ends a sentence.</summary>
    private static List<(int Line, string[]? Columns)> RowsOf(string path)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw DiagnosticTable.FileInaccessible.Error(path, null, e.Message);
        }

        var rows = new List<(int Line, string[]? Columns)>();
        var count = 0;
        for (var i = 0; i < lines.Length; i++)
        {
            var columns = lines[i].Split(
                lines[i].Contains('\t', StringComparison.Ordinal) ? '\t' : ' ',
                StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (columns.Length == 0 || columns[0] == Document)
            {
                rows.Add((i + 1, null));
                continue;
            }

            count = count == 0 ? columns.Length : count;
            if (columns.Length != count || count < 2)
            {
                throw DiagnosticTable.TaggedData.Error(path, null, i + 1, string.Create(
                    CultureInfo.InvariantCulture,
                    $"it has {columns.Length} columns{(count < 2 ? "" : $", and those before it {count}")}"));
            }

            rows.Add((i + 1, columns));
        }

        return count > 0 ? rows : throw DiagnosticTable.TaggedData.Error(path, null, lines.Length + 1, "there are no sentences");
    }

    private static int TagColumn(List<(int Line, string[]? Columns)> rows)
    {
        var all = rows.Where(r => r.Columns is not null).Select(r => r.Columns!).ToList();
        var last = all[0].Length - 1;
        for (var column = last; column > 0; column--)
        {
            if (all.TrueForAll(c => c[column] is "O" or ['B' or 'I', '-', _, ..]))
            {
                return column;
            }
        }

        return last;
    }

    private static IEnumerable<List<string[]>> Sentences(List<(int Line, string[]? Columns)> rows)
    {
        var sentence = new List<string[]>();
        foreach (var (_, columns) in rows.Append((0, null)))
        {
            if (columns is not null)
            {
                sentence.Add(columns);
            }
            else if (sentence.Count > 0)
            {
                yield return sentence;
                sentence = [];
            }
        }
    }
}
