using System.Reflection;
using CompiledBert.Compiler;

namespace CompiledBert.Build.Host;

/// <summary>Which compiler this is: results of another one are not taken for its own.</summary>
/// <param name="Id">Differs whenever the compiler's code differs.</param>
/// <param name="Files">The compiler's own files; a build record holds only while they are unchanged.</param>
internal sealed record CompilerIdentity(string Id, IReadOnlyList<string> Files)
{
    /// <summary>The compiler in this process.</summary>
    public static CompilerIdentity Current { get; } = Of(
        typeof(CompilerIdentity).Assembly, typeof(CompileOptions).Assembly, typeof(CompiledBert.Text.Tokenizer).Assembly);

    private static CompilerIdentity Of(params Assembly[] assemblies) => new(
        string.Join(' ', assemblies.Select(a => a.ManifestModule.ModuleVersionId.ToString("N"))),
        [.. assemblies.Select(a => a.Location)]);
}
