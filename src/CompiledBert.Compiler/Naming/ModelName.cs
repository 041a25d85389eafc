using System.Globalization;
using System.Text;

namespace CompiledBert.Compiler;

/// <summary>What the class of a model, and its namespace, are called when nobody says.</summary>
/// <remarks>
/// The rule: the file name without its extension is cut into words at everything that is neither letter nor digit, before an upper-case letter
/// that follows a lower-case letter or a digit, and before the last upper-case letter of a run that goes on in lower case. Each word starts
/// in upper case and goes on in lower case: <c>all-MiniLM-L6-v2</c> becomes <c>AllMiniLmL6V2</c>. A file that every model has
/// (<c>model.onnx</c>, <c>model_quantized.onnx</c>) gives way to its folder, and a folder <c>onnx</c> to the one above it.
/// </remarks>
public static class ModelName
{
    private static readonly string[] NamesOfEveryModel = ["model", "model_quantized"];

    /// <summary>
    /// Members of every emitted class, and names that emitted code uses: a class cannot be called like one of its members, and must not hide the others.
    /// </summary>
    private static readonly HashSet<string> Members = new(StringComparer.Ordinal)
    {
        "Load", "Run", "RunBatch", "Dispose", "Equals", "GetHashCode", "GetType", "ToString", "MemberwiseClone", "ReferenceEquals", "Finalize",
        "Threads", "MaxThreads", "MaxTokens", "Info", "Weights", "WeightsPageBytes", "VerifyWeights", "Begin", "Execute", "Frame", "WithAvx512",
        "WithAvx2", "WithVector128", "V", "VF", "VI", "V128", "V256", "X86", "CompiledBert", "CompiledModel", "ModelInfo", "ModelWeights",
        "ModelCall", "Arguments", "System", "Span", "ReadOnlySpan", "CancellationToken", "Stream", "Path", "AppContext", "Math", "MathF", "Half",
        "BitConverter", "Unsafe", "MethodImpl", "Tokenizer", "MaxTextTokens", "TooLong", "Fingerprint", "CountTokens", "Embed", "EmbedAll",
        "EmbedQuery", "EmbedPassage", "EmbedQueries", "EmbedPassages", "FillMask", "MaskFiller", "TokenScore", "Tags", "Dimensions", "Labels",
        "Classify", "ClassifyPair", "Tag", "TagWords", "Answer", "Score", "ScoreLogit", "StartHead", "ITokenModel", "IEmbeddingModel", "HeadOptions",
        "ArrayPool", "IProgress", "IEnumerable", "IReadOnlyList", "Classification", "Entity", "WordTag", "Embedder", "Classifier", "Tagger",
        "Answerer", "Scorer", "MethodImplOptions", "SkipLocalsInit", "ExcludeFromCodeCoverage", "NotSupportedException", "IndexOutOfRangeException",
        "ArgumentNullException", "DenseLayer", "StepTicks", "AllTokens", "AllSequences", "EachSequence", "SomeSequences", "Sequences", "WorkOf",
        "Place", "ScratchOfAllTokens", "ScratchOfAllSequences", "ScratchOfEachSequence", "s_info", "_head",
    };

    /// <summary>Members of which an emitted class has several, each with a number.</summary>
    private static readonly string[] NumberedMembers = ["Steps", "SetWeights"];

    /// <summary>The class name for the model file at <paramref name="path"/>; always a valid C# identifier.</summary>
    public static string ClassNameFor(string path)
    {
        var full = Path.GetFullPath(path);
        var name = Path.GetFileNameWithoutExtension(full);
        if (NamesOfEveryModel.Contains(name, StringComparer.OrdinalIgnoreCase))
        {
            var folder = Path.GetDirectoryName(full);
            if (string.Equals(Path.GetFileName(folder), "onnx", StringComparison.OrdinalIgnoreCase))
            {
                folder = Path.GetDirectoryName(folder);
            }

            var folderName = Path.GetFileName(folder);
            name = string.IsNullOrEmpty(folderName) ? name : folderName;
        }

        return Identifier(name);
    }

    /// <summary>A class name made of any text by the rule above.</summary>
    public static string Identifier(string text)
    {
        var name = string.Concat(Words(text).Select(Capitalised));
        if (name.Length == 0 || !IsIdentifierStart(name[0]))
        {
            name = "Model" + name;
        }

        return IsMember(name) ? name + "Model" : name;
    }

    /// <summary>A namespace made of a project's root namespace: what C# does not allow becomes an underscore. Empty stays empty.</summary>
    public static string NamespaceFrom(string rootNamespace) =>
        string.Join('.', rootNamespace.Split('.', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(Segment));

    /// <summary>Whether <paramref name="name"/> can be the name of an emitted class.</summary>
    public static bool IsClassName(string name) => IsIdentifier(name) && !IsMember(name);

    /// <summary>Whether <paramref name="name"/> is a namespace: identifiers with dots between them.</summary>
    public static bool IsNamespace(string name) => name.Split('.').All(IsIdentifier);

    private static bool IsMember(string name) =>
        Members.Contains(name)
        || NumberedMembers.Any(m => name.Length > m.Length && name.StartsWith(m, StringComparison.Ordinal)
            && name.AsSpan(m.Length).IndexOfAnyExceptInRange('0', '9') < 0);

    private static bool IsIdentifier(string text) =>
        text.Length > 0 && IsIdentifierStart(text[0]) && text.All(IsIdentifierPart) && !CSharpKeywords.Contains(text);

    private static string Segment(string text)
    {
        var clean = string.Concat(text.Select(c => IsIdentifierPart(c) ? c : '_'));
        return IsIdentifierStart(clean[0]) && !CSharpKeywords.Contains(clean) ? clean : "_" + clean;
    }

    private static IEnumerable<string> Words(string text)
    {
        var word = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            var letterOrDigit = char.IsLetter(text[i]) || char.GetUnicodeCategory(text[i]) == UnicodeCategory.DecimalDigitNumber;
            if (word.Length > 0 && (!letterOrDigit || StartsWord(text, i)))
            {
                yield return word.ToString();
                word.Clear();
            }

            if (letterOrDigit)
            {
                word.Append(text[i]);
            }
        }

        if (word.Length > 0)
        {
            yield return word.ToString();
        }
    }

    private static bool StartsWord(string text, int at) =>
        char.IsUpper(text[at]) && (!char.IsUpper(text[at - 1]) || (at + 1 < text.Length && char.IsLower(text[at + 1])));

    private static string Capitalised(string word) => char.ToUpperInvariant(word[0]) + word[1..].ToLowerInvariant();

    private static bool IsIdentifierStart(char c) => c == '_' || char.IsLetter(c);

    private static bool IsIdentifierPart(char c) => IsIdentifierStart(c) || char.GetUnicodeCategory(c) == UnicodeCategory.DecimalDigitNumber;
}
