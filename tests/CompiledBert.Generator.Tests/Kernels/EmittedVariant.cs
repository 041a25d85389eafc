using System.Reflection;
using System.Runtime.Intrinsics.X86;
using System.Text;
using CompiledBert.Generator.Emit;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace CompiledBert.Generator.Tests.Kernels;

/// <summary>Emitted methods of one variant, compiled in memory with optimisation.</summary>
internal static class EmittedVariant
{
    private static readonly MetadataReference[] References =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path))];

    /// <summary>The variants that this machine can run.</summary>
    public static IEnumerable<VectorTarget> Runnable => VectorTarget.All.Where(target => target.Name switch
    {
        "Avx512" => Avx512F.IsSupported,
        "Avx2" => Avx2.IsSupported,
        _ => true,
    });

    /// <summary>Names of the variants that this machine can run, as test data.</summary>
    public static TheoryData<string> Names => [.. Runnable.Select(target => target.Name)];

    /// <summary>Compiles a static class <c>Variant</c> of the registry's methods and further members, all public.</summary>
    /// <param name="target">The variant.</param>
    /// <param name="kernels">What emitters needed.</param>
    /// <param name="members">Further members.</param>
    public static Type Compile(VectorTarget target, MicroKernels kernels, string members) => Load(Source(target, kernels, members)).GetType("Variant")!;

    /// <summary>The text of that class with what it uses.</summary>
    public static string Source(VectorTarget target, MicroKernels kernels, string members)
    {
        var source = new StringBuilder("""
            using System;
            using System.Runtime.CompilerServices;
            using System.Runtime.Intrinsics;

            """);
        source.Append(target.Usings).Append("\npublic static unsafe class Variant\n{\n");
        foreach (var text in kernels.Texts)
        {
            source.Append(text);
        }

        source.Append(members).Append("}\n");
        return source.ToString().Replace("private ", "public ", StringComparison.Ordinal);
    }

    /// <summary>Compiles such a text.</summary>
    public static Assembly Load(string source)
    {
        var compilation = CSharpCompilation.Create(
            "Emitted",
            [CSharpSyntaxTree.ParseText(source)],
            References,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release, allowUnsafe: true));
        using var stream = new MemoryStream();
        var result = compilation.Emit(stream);
        Assert.True(result.Success, string.Join('\n', result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error).Take(5)) + "\n" + source);
        return Assembly.Load(stream.ToArray());
    }
}
