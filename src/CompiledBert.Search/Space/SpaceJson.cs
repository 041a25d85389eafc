using System.Text;
using System.Text.Json;
using CompiledBert.Compiler;

namespace CompiledBert.Search.Space;

/// <summary>
/// A search space as JSON: <c>{"layers": [2, 3], "width": [192, 384], "heads": [4, 8], "headSize": [32], "inner": [384, 768], "embedding": [96, 384],
/// "vocabulary": [30522], "activation": ["gelu", "relu"], "norm": ["layerNorm", "noNorm"]}</c>. What is left out is as in the space below the teacher.
/// </summary>
public static class SpaceJson
{
    private const int Largest = 1 << 20;

    private static readonly string[] Names = ["layers", "width", "heads", "headSize", "inner", "embedding", "vocabulary", "activation", "norm"];

    /// <summary>Reads a space.</summary>
    /// <param name="path">The file.</param>
    /// <param name="standard">Where parts that are left out are taken from.</param>
    /// <exception cref="CompileException">The file is no search space.</exception>
    public static SearchSpace Read(string path, SearchSpace standard)
    {
        try
        {
            return Parse(File.ReadAllText(path), standard, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw DiagnosticTable.FileInaccessible.Error(path, null, e.Message);
        }
    }

    /// <summary>Reads a space from text.</summary>
    /// <exception cref="CompileException">The text is no search space; <paramref name="path"/> names it in the message.</exception>
    public static SearchSpace Parse(string json, SearchSpace standard, string path)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        }
        catch (JsonException e)
        {
            throw DiagnosticTable.InvalidSearchSpace.Error(path, null, $"this is not JSON: {e.Message.Split(" LineNumber")[0]} (line {e.LineNumber + 1})");
        }

        using (document)
        {
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                throw DiagnosticTable.InvalidSearchSpace.Error(path, null, "this is not an object: {\"layers\": [2, 3], …}");
            }

            var seen = new HashSet<string>(StringComparer.Ordinal);
            foreach (var property in root.EnumerateObject())
            {
                if (!Names.Contains(property.Name, StringComparer.Ordinal) || !seen.Add(property.Name))
                {
                    var reason = seen.Contains(property.Name) ? "is there twice" : "is not known";
                    throw DiagnosticTable.InvalidSearchSpace.Error(
                        path, null, $"\"{Diagnostic.Abbreviate(property.Name)}\" {reason}. Known: {string.Join(", ", Names)}");
                }
            }

            IReadOnlyList<int> Whole(string name, IReadOnlyList<int> otherwise) =>
                root.TryGetProperty(name, out var part) ? Numbers(part, name, path) : otherwise;
            return new SearchSpace
            {
                Layers = Whole("layers", standard.Layers),
                Width = Whole("width", standard.Width),
                Heads = Whole("heads", standard.Heads),
                HeadSize = Whole("headSize", standard.HeadSize),
                Inner = Whole("inner", standard.Inner),
                Embedding = Whole("embedding", standard.Embedding),
                Vocabulary = Whole("vocabulary", standard.Vocabulary),
                Activations = root.TryGetProperty("activation", out var activations)
                    ? Words<Activation>(activations, "activation", path)
                    : standard.Activations,
                Norms = root.TryGetProperty("norm", out var norms) ? Words<Norm>(norms, "norm", path) : standard.Norms,
            };
        }
    }

    /// <summary>A space as JSON, one part a line.</summary>
    public static string Write(SearchSpace space)
    {
        var text = new StringBuilder("{\n");
        void Line(string name, IEnumerable<string> values, string end = ",") =>
            text.Append("  \"").Append(name).Append("\": [").AppendJoin(", ", values).Append(']').Append(end).Append('\n');
        IEnumerable<string> Digits(IEnumerable<int> values) => values.Select(v => v.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Line("layers", Digits(space.Layers));
        Line("width", Digits(space.Width));
        Line("heads", Digits(space.Heads));
        Line("headSize", Digits(space.HeadSize));
        Line("inner", Digits(space.Inner));
        Line("embedding", Digits(space.Embedding));
        Line("vocabulary", Digits(space.Vocabulary));
        Line("activation", space.Activations.Select(a => $"\"{NameOf(a)}\""));
        Line("norm", space.Norms.Select(n => $"\"{NameOf(n)}\""), "");
        return text.Append("}\n").ToString();
    }

    private static int[] Numbers(JsonElement part, string name, string path)
    {
        if (part.ValueKind != JsonValueKind.Array || part.GetArrayLength() == 0)
        {
            throw DiagnosticTable.InvalidSearchSpace.Error(path, null, $"\"{name}\" must be a list of whole numbers, such as [2, 3]");
        }

        var numbers = new SortedSet<int>();
        foreach (var element in part.EnumerateArray())
        {
            if (element.ValueKind != JsonValueKind.Number || !element.TryGetInt32(out var number) || number is < 1 or > Largest)
            {
                throw DiagnosticTable.InvalidSearchSpace.Error(
                    path, null, $"\"{name}\" has {Diagnostic.Abbreviate(element.GetRawText())}, which is not a whole number from 1 to {Largest}");
            }

            numbers.Add(number);
        }

        return [.. numbers];
    }

    private static T[] Words<T>(JsonElement part, string name, string path)
        where T : struct, Enum
    {
        var known = Enum.GetValues<T>();
        if (part.ValueKind == JsonValueKind.Array && part.GetArrayLength() > 0)
        {
            var chosen = part.EnumerateArray()
                .Select(e => Array.FindIndex(known, k => e.ValueKind == JsonValueKind.String && e.ValueEquals(NameOf(k))))
                .Distinct().Order().ToArray();
            if (chosen[0] >= 0)
            {
                return [.. chosen.Select(i => known[i])];
            }
        }

        throw DiagnosticTable.InvalidSearchSpace.Error(
            path, null, $"\"{name}\" must be a list of {string.Join(" and ", known.Select(k => $"\"{NameOf(k)}\""))}");
    }

    private static string NameOf<T>(T value)
        where T : struct, Enum
    {
        var name = value.ToString();
        return char.ToLowerInvariant(name[0]) + name[1..];
    }
}
