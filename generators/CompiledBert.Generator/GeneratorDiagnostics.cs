using Microsoft.CodeAnalysis;

namespace CompiledBert.Generator;

/// <summary>The generator's diagnostics. Everything about a model is said by the compiler; what is left is a plan that is not one.</summary>
internal static class GeneratorDiagnostics
{
    /// <summary>A plan that cannot be read or written as C#.</summary>
    public static readonly DiagnosticDescriptor MalformedPlan = new(
        "CBERT0017",
        "The plan of a model cannot be used",
        "The plan cannot be used: {0}. Build again from the model; if that does not help, please report it with the model.",
        "CompiledBert",
        DiagnosticSeverity.Error,
        isEnabledByDefault: true);
}
