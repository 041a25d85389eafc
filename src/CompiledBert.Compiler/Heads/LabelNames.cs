using System.Globalization;
using CompiledBert.Compiler.Tokenizers;

namespace CompiledBert.Compiler.Heads;

/// <summary>The names of a model's labels, in the order of its outputs.</summary>
internal static class LabelNames
{
    /// <summary>Labels that a model has whose config.json says nothing of them: it leaves out what it has by default.</summary>
    private const int Usual = 2;

    /// <summary>As many names as the model has labels, and who gave them.</summary>
    /// <exception cref="CompileException">There are more, or fewer.</exception>
    public static (string[] Labels, string From) Read(CompileOptions options, JsonPart? config, int width)
    {
        string?[] labels = [.. options.Labels];
        var from = "metadata";
        if (labels.Length == 0 && config is { } file)
        {
            var isNamed = !file["id2label"].IsNull;
            labels = isNamed ? OfConfig(options, file["id2label"], width) : (file["num_labels"].NumberOrNull() ?? Usual) == width ? Numbered(width) : [];
            from = isNamed ? "config.json" : "config.json names none";
        }

        string[] named = [.. labels.OfType<string>()];
        return labels.Length == width && named.Length == width ? (named, from)
            : throw Refuse(options, FormattableString.Invariant($"the model has {width} labels, {named.Length} are named"));
    }

    private static string?[] Numbered(int width) => [.. Enumerable.Range(0, width).Select(i => string.Create(CultureInfo.InvariantCulture, $"LABEL_{i}"))];

    private static string?[] OfConfig(CompileOptions options, JsonPart names, int width)
    {
        var labels = new string?[width];
        foreach (var (id, label) in names.Members())
        {
            if (!int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var index) || index >= width)
            {
                throw Refuse(options, $"config.json names a label {id}, and the model has {width}");
            }

            labels[index] = label.Text();
        }

        return labels;
    }

    private static CompileException Refuse(CompileOptions options, string reason) =>
        DiagnosticTable.UnsupportedText.Error(options.ModelPath, null, reason, "Labels");
}
