using System.Reflection;
using System.Runtime.Loader;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Text;

namespace CompiledBert.Cli.Sessions;

/// <summary>C# compiled by Roslyn and loaded into this process, with the settings that a model assembly has: optimised, unsafe code allowed.</summary>
internal static class InMemoryAssembly
{
    private static readonly Lazy<IReadOnlyList<MetadataReference>> References = new(FindReferences);

    /// <summary>Compiles sources and loads the result.</summary>
    /// <exception cref="EmittedCodeException">The C# does not compile: a defect of the compiler, not of the model.</exception>
    public static Assembly Load(string name, IEnumerable<(string Path, string Text)> sources)
    {
        // The symbols that the SDK defines for the runtime this process runs on: emitted code asks for instructions that only newer ones have.
        var symbols = Enumerable.Range(5, Environment.Version.Major - 4).Select(major => System.FormattableString.Invariant($"NET{major}_0_OR_GREATER"));
        var options = new CSharpParseOptions(LanguageVersion.Latest, preprocessorSymbols: symbols);
        var compilation = CSharpCompilation.Create(
            name,
            sources.Select(s => CSharpSyntaxTree.ParseText(SourceText.From(s.Text), options, s.Path)),
            References.Value,
            new CSharpCompilationOptions(
                OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release, allowUnsafe: true, deterministic: true));
        using var image = new MemoryStream();
        var result = compilation.Emit(image);
        if (!result.Success)
        {
            throw new EmittedCodeException([.. result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error).Select(d => d.ToString())]);
        }

        // A context of its own: models of one name do not meet. It is not collectible, as static data of collectible assemblies is slower to reach.
        image.Position = 0;
        return new AssemblyLoadContext(name).LoadFromStream(image);
    }

    private static List<MetadataReference> FindReferences()
    {
        var trusted = ((string?)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES") ?? "").Split(Path.PathSeparator);
        var references = trusted
            .Where(path => Path.GetFileName(path) is "mscorlib.dll" or "netstandard.dll"
                || Path.GetFileName(path).StartsWith("System.", StringComparison.Ordinal))
            .Append(typeof(CompiledModel).Assembly.Location)
            .Append(typeof(CompiledBert.Text.Tokenizer).Assembly.Location);
        return [.. references.Select(path => MetadataReference.CreateFromFile(path))];
    }
}

/// <summary>Emitted C# that Roslyn refuses.</summary>
internal sealed class EmittedCodeException(IReadOnlyList<string> errors)
    : Exception($"the emitted C# does not compile ({errors.Count} errors, the first: {errors[0]})")
{
    public IReadOnlyList<string> Errors { get; } = errors;
}
