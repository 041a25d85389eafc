namespace CompiledBert.Build.Protocol;

/// <summary>What the task asks of the compiler process: models with their metadata, and where results are cached.</summary>
internal sealed class BuildRequest
{
    private const string Version = "compiledbert-request-1";

    /// <summary>Whether only the classes' signatures are wanted, not the code: a design-time build.</summary>
    public bool SignatureOnly { get; init; }

    /// <summary>Folder of cached results, absolute.</summary>
    public string CacheFolder { get; init; } = "";

    /// <summary>Namespace of models that name none.</summary>
    public string RootNamespace { get; init; } = "";

    /// <summary>The models.</summary>
    public IReadOnlyList<Model> Models { get; init; } = [];

    /// <summary>A model and the metadata of its item, only what was given.</summary>
    public sealed class Model
    {
        /// <summary>Absolute path.</summary>
        public string Path { get; init; } = "";

        /// <summary>Metadata by name.</summary>
        public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();
    }

    /// <summary>The request as lines; equal requests have equal lines.</summary>
    public IReadOnlyList<string> ToLines()
    {
        var lines = new List<string>
        {
            ProtocolText.Line(Version),
            ProtocolText.Line("signature-only", SignatureOnly ? "true" : "false"),
            ProtocolText.Line("cache", CacheFolder),
            ProtocolText.Line("namespace", RootNamespace),
        };
        foreach (var model in Models)
        {
            lines.Add(ProtocolText.Line("model", model.Path));
            lines.AddRange(model.Metadata.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => ProtocolText.Line("metadata", m.Key, m.Value)));
        }

        return lines;
    }

    /// <summary>Reads what <see cref="ToLines"/> writes. Throws <see cref="FormatException"/> on anything else.</summary>
    public static BuildRequest Parse(IEnumerable<string> lines)
    {
        var signatureOnly = false;
        var (cache, rootNamespace) = ("", "");
        var models = new List<Model>();
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        var first = true;
        foreach (var line in lines)
        {
            switch (ProtocolText.Fields(line))
            {
                case [Version] when first:
                    break;
                case ["signature-only", var value]:
                    signatureOnly = value == "true";
                    break;
                case ["cache", var value]:
                    cache = value;
                    break;
                case ["namespace", var value]:
                    rootNamespace = value;
                    break;
                case ["model", var path]:
                    metadata = new Dictionary<string, string>(StringComparer.Ordinal);
                    models.Add(new Model { Path = path, Metadata = metadata });
                    break;
                case ["metadata", var name, var value]:
                    metadata[name] = value;
                    break;
                default:
                    throw new FormatException($"'{line}' is not part of a request.");
            }

            first = false;
        }

        return first
            ? throw new FormatException("The request is empty.")
            : new BuildRequest { SignatureOnly = signatureOnly, CacheFolder = cache, RootNamespace = rootNamespace, Models = models };
    }
}
