namespace CompiledBert.Tests.Fuzz;

/// <summary>The files that mutated ones are made of: small models of many kinds, sound ones and broken ones.</summary>
internal static class Seeds
{
    private const long Largest = 500_000;

    /// <summary>The repository's models.</summary>
    public static IReadOnlyList<string> OfRepository { get; } = Small(Path.Combine(RepositoryFiles.Root, "tests", "models"));

    /// <summary>These, and where this machine has them the shared zoo and the ONNX project's node tests.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        .. OfRepository,
        .. RepositoryFiles.SharedModels is { } shared ? Small(Path.Combine(shared, "zoo")) : [],
        .. Small("/usr/share/libonnx-testdata"),
    ];

    private static List<string> Small(string folder) => !Directory.Exists(folder) ? [] :
    [
        .. Directory.EnumerateFiles(folder, "*.onnx", SearchOption.AllDirectories).Where(f => new FileInfo(f).Length <= Largest).Order(StringComparer.Ordinal),
    ];
}
