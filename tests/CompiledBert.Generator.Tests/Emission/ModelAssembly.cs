using System.Buffers.Binary;
using System.Reflection;
using System.Security.Cryptography;
using CompiledBert.Compiler;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace CompiledBert.Generator.Tests.Emission;

/// <summary>Plans compiled in memory, under settings that refuse whatever can be refused.</summary>
internal static class ModelAssembly
{
    private static readonly MetadataReference[] References =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetFileName(path) != "CompiledBert.Generator.dll")
            .Select(path => MetadataReference.CreateFromFile(path)),
    ];

    /// <summary>Checked arithmetic, every warning an error, documentation demanded.</summary>
    public static CSharpCompilation Compilation(IEnumerable<string> sources) => CSharpCompilation.Create(
        "Model" + Guid.NewGuid().ToString("N"),
        sources.Select(s => CSharpSyntaxTree.ParseText(s, new CSharpParseOptions(LanguageVersion.CSharp14, DocumentationMode.Diagnose))),
        References,
        new CSharpCompilationOptions(
            OutputKind.DynamicallyLinkedLibrary,
            optimizationLevel: OptimizationLevel.Release,
            checkOverflow: true,
            allowUnsafe: true,
            generalDiagnosticOption: ReportDiagnostic.Error,
            warningLevel: 9999,
            nullableContextOptions: NullableContextOptions.Enable));

    /// <summary>The assembly of a plan, with its weights embedded.</summary>
    public static Assembly Load(ModelPlan plan, byte[]? weights = null, params string[] further)
    {
        var sources = PlanCompiler.Compile(PlanWriter.Write(plan)).Select(f => f.Source).Concat(further).ToArray();
        using var stream = new MemoryStream();
        var resources = weights is null ? null : new[] { new ResourceDescription(plan.Name + ".weights", () => new MemoryStream(weights), isPublic: true) };
        var result = Compilation(sources).Emit(stream, manifestResources: resources);
        Assert.True(
            result.Success,
            string.Join('\n', result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error).Take(8)) + "\n" + string.Join('\n', sources));
        return Assembly.Load(stream.ToArray());
    }

    /// <summary>A blob of weights with its header, and what a plan says about it.</summary>
    public static (byte[] Blob, WeightsInfo Info) Weights(ReadOnlySpan<byte> content)
    {
        var blob = new byte[64 + content.Length];
        "CBERTW01"u8.CopyTo(blob);
        BinaryPrimitives.WriteInt64LittleEndian(blob.AsSpan(8), blob.Length);
        SHA256.HashData(content, blob.AsSpan(16, 32));
        content.CopyTo(blob.AsSpan(64));
        return (blob, new WeightsInfo(blob.Length, Convert.ToHexStringLower(blob.AsSpan(16, 32))));
    }
}
