using CompiledBert.Compiler;
using CompiledBert.Text;

namespace CompiledBert.Training.Data;

/// <summary>
/// A file of texts without labels: one on every line. Of a line with tabs the first column is read, so that a file with labels serves as well.
/// </summary>
internal static class PlainTexts
{
    /// <summary>
    /// Reads and tokenizes a file in UTF-8; empty lines, and texts that came before, are passed over, and so is a heading with <c>label</c> in
    /// its second column.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="maxTokens">The most tokens of a text, special ones included; what is beyond is left out.</param>
    /// <param name="prefix">What is put before every text.</param>
    /// <exception cref="CompileException">The file is missing or has no texts.</exception>
    public static LabelledTexts Read(string path, Tokenizer tokenizer, int maxTokens, string prefix)
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

        var columns = lines.Select(line => line.Split('\t')).ToList();
        var isHeaded = columns.Count > 0 && columns[0] is [_, var second, ..] && string.Equals(second.Trim(), "label", StringComparison.OrdinalIgnoreCase);
        var texts = columns.Skip(isHeaded ? 1 : 0).Select(c => c[0].Trim()).Where(t => t.Length > 0).Distinct(StringComparer.Ordinal).ToList();
        if (texts.Count == 0)
        {
            throw DiagnosticTable.TrainingData.Error(path, null, lines.Length + 1, "there are no rows");
        }

        var tokens = new TokenizedText();
        return new LabelledTexts([], [.. texts.Select(text =>
        {
            tokenizer.Encode(prefix + text, tokens, maxTokens);
            return new Example(tokens.Ids.ToArray(), [.. tokens.TypeIds.ToArray().Select(t => (byte)t)], Example.NoLabel);
        })]);
    }
}
