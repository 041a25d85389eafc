using System.Text.Json;

namespace CompiledBert.Compiler.Tokenizers;

/// <summary>A value in a JSON file that knows its file and where in it it stands, for messages.</summary>
/// <param name="file">The file.</param>
/// <param name="path">Where the value stands: <c>pre_tokenizer.pretokenizers[1]</c>.</param>
/// <param name="value">The value.</param>
internal readonly struct JsonPart(string file, string path, JsonElement value)
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 64 };

    public string File => file;

    public string Path => path;

    public JsonElement Value => value;

    /// <summary>Whether there is nothing, or null.</summary>
    public bool IsNull => value.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined;

    /// <summary>Reads a file.</summary>
    public static JsonPart Read(string file)
    {
        try
        {
            return Parse(file, System.IO.File.ReadAllBytes(file));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw DiagnosticTable.FileInaccessible.Error(file, null, exception.Message);
        }
    }

    /// <summary>Reads bytes that stand for a file.</summary>
    public static JsonPart Parse(string file, ReadOnlyMemory<byte> bytes)
    {
        try
        {
            var text = bytes.Span.StartsWith("\uFEFF"u8) ? bytes[3..] : bytes;
            return new JsonPart(file, "", JsonDocument.Parse(text, Options).RootElement);
        }
        catch (JsonException exception)
        {
            throw DiagnosticTable.InvalidJson.Error(
                file, null, bytes.Span.StartsWith("version https://git-lfs"u8) ? "It is a git-lfs pointer: run 'git lfs pull'." : exception.Message);
        }
    }

    /// <summary>A member; null where it is missing.</summary>
    public JsonPart this[string name] =>
        new(file, path.Length == 0 ? name : path + "." + name,
            value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out var member) ? member : default);

    /// <summary>The items of an array.</summary>
    public IReadOnlyList<JsonPart> Items()
    {
        if (value.ValueKind != JsonValueKind.Array)
        {
            throw Invalid("must be an array");
        }

        var (f, p) = (file, path);
        return [.. value.EnumerateArray().Select((item, i) => new JsonPart(f, FormattableString.Invariant($"{p}[{i}]"), item))];
    }

    /// <summary>The members of an object.</summary>
    public IEnumerable<(string Name, JsonPart Value)> Members()
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            throw Invalid("must be an object");
        }

        var (f, p) = (file, path);
        return [.. value.EnumerateObject().Select(m => (Name(m, f, p), new JsonPart(f, p + "." + m.Name, m.Value)))];
    }

    public string Text()
    {
        if (value.ValueKind != JsonValueKind.String)
        {
            throw Invalid("must be a text");
        }

        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Invalid("is no valid text");
        }
    }

    public string? TextOrNull() => IsNull ? null : Text();

    /// <summary>A whole number; null where there is none.</summary>
    public int? NumberIfThere() => IsNull ? null : Number();

    public int Number() =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number : throw Invalid("must be a whole number of 32 bits");

    /// <summary>A number that may be beyond 32 bits (lengths that mean "no limit"); null where it is missing or no whole number that small.</summary>
    public int? NumberOrNull() => value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number : null;

    public double Real() => value.ValueKind == JsonValueKind.Number ? value.GetDouble() : throw Invalid("must be a number");

    public bool Flag() => value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Invalid("must be true or false");

    public bool Flag(bool otherwise) => IsNull ? otherwise : Flag();

    public CompileException Invalid(string reason) => DiagnosticTable.InvalidDescription.Error(file, null, path.Length == 0 ? "The file" : path, reason);

    /// <summary>What the part asks for is not supported.</summary>
    public CompileException Unsupported(string what) => DiagnosticTable.UnsupportedTokenizer.Error(file, null, path, what);

    private static string Name(JsonProperty member, string file, string path)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException)
        {
            throw new JsonPart(file, path, default).Invalid("has a name that is no valid text");
        }
    }
}
