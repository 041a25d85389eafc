using System.Globalization;

namespace CompiledBert.Compiler;

/// <summary>Every code and message of the compiler in one table. A code is never used again for something else.</summary>
/// <remarks>CBERT00xx the request, 01xx the file as a container, 02xx the model's structure, 03xx operators, 04xx what the compiler cannot do, 05xx files beside the model.</remarks>
public static class DiagnosticTable
{
    /// <summary>Something in the compiler failed that should not.</summary>
    public static readonly Rule InternalError = new("CBERT0001", Severity.Error, "The compiler failed: {0}. This is a defect of CompiledBert; please report it with the model.");

    /// <summary>No file at the path.</summary>
    public static readonly Rule FileNotFound = new("CBERT0002", Severity.Error, "The model file does not exist. Check the Include of the BertModel item.");

    /// <summary>Metadata with a value that is not known.</summary>
    public static readonly Rule InvalidMetadata = new("CBERT0003", Severity.Error, "{0}=\"{1}\" is not valid. Valid: {2}.");

    /// <summary>An output that the model does not have was asked for.</summary>
    public static readonly Rule UnknownOutput = new("CBERT0004", Severity.Error, "Outputs names '{0}', which the model does not have. Its outputs: {1}.");

    /// <summary>An operator that is not supported.</summary>
    public static readonly Rule UnsupportedOperator = new("CBERT0301", Severity.Error, "Operator {0} (opset {1}) is not supported{2}.");

    /// <summary>A shape that depends on the data.</summary>
    public static readonly Rule DataDependentShape = new("CBERT0401", Severity.Error, "The shape of '{0}' depends on the data ({1}), which compiled code cannot follow. Export the model with this computation outside, or with fixed shapes.");

    /// <summary>A diagnostic's code, severity and text with places for its facts.</summary>
    /// <param name="Code">The code.</param>
    /// <param name="Severity">How grave it is.</param>
    /// <param name="Format">Text with <c>{0}</c>, <c>{1}</c> … for the facts.</param>
    public sealed record Rule(string Code, Severity Severity, string Format)
    {
        /// <summary>The diagnostic for these facts.</summary>
        public Diagnostic At(string? file, string? node, params object?[] facts) =>
            new(Code, Severity, string.Format(CultureInfo.InvariantCulture, Format, facts), file, node);

        /// <summary>The exception for these facts.</summary>
        public CompileException Error(string? file, string? node, params object?[] facts) => new(At(file, node, facts));
    }
}
