using System.Globalization;

namespace CompiledBert.Compiler.Heads;

/// <summary>
/// A line of a file of texts and labels: two columns with a tab between them, the text first; a first line that says <c>label</c> in the second is a heading.
/// </summary>
/// <param name="Line">The line, from 1.</param>
/// <param name="Text">The text.</param>
/// <param name="Label">The label as it stands there.</param>
public sealed record LabelledRow(int Line, string Text, string Label)
{
    /// <summary>Reads a file in UTF-8; empty lines are passed over.</summary>
    /// <exception cref="CompileException">The file is missing, has no rows, or a line is not a text and a label.</exception>
    public static IReadOnlyList<LabelledRow> Read(string path)
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

        var rows = new List<LabelledRow>();
        for (var i = 0; i < lines.Length; i++)
        {
            if (lines[i].Length == 0)
            {
                continue;
            }

            var parts = lines[i].Split('\t');
            if (parts.Length != 2 || parts[1].Trim().Length == 0)
            {
                throw DiagnosticTable.TrainingData.Error(path, null, i + 1, string.Create(CultureInfo.InvariantCulture, $"it has {parts.Length} columns"));
            }

            if (i > 0 || !string.Equals(parts[1].Trim(), "label", StringComparison.OrdinalIgnoreCase))
            {
                rows.Add(new LabelledRow(i + 1, parts[0], parts[1].Trim()));
            }
        }

        return rows.Count > 0 ? rows : throw DiagnosticTable.TrainingData.Error(path, null, lines.Length + 1, "there are no rows");
    }

    /// <summary>Labels by what a row may call them: their names, or their numbers where no name says the same.</summary>
    public static IReadOnlyDictionary<string, int> Numbers(IReadOnlyList<string> labels)
    {
        var numbers = labels.Select((label, i) => (label, i)).ToDictionary(l => l.label, l => l.i, StringComparer.Ordinal);
        for (var i = 0; i < labels.Count; i++)
        {
            numbers.TryAdd(i.ToString(CultureInfo.InvariantCulture), i);
        }

        return numbers;
    }

    /// <summary>Checks that every row has one of the labels.</summary>
    /// <exception cref="CompileException">A row has another one.</exception>
    public static void Check(string path, IReadOnlyList<LabelledRow> rows, IReadOnlyList<string> labels)
    {
        var numbers = Numbers(labels);
        if (rows.FirstOrDefault(r => !numbers.ContainsKey(r.Label)) is { } unknown)
        {
            var known = string.Join(", ", labels.Take(20).Select(Diagnostic.Abbreviate));
            throw DiagnosticTable.TrainingLabels.Error(path, null, string.Create(
                CultureInfo.InvariantCulture, $"line {unknown.Line} has '{Diagnostic.Abbreviate(unknown.Label)}', and the labels are {known}"));
        }
    }
}
