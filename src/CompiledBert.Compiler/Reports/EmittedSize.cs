namespace CompiledBert.Compiler.Reports;

/// <summary>The size of the emitted C# in a report: written as unknown, and put there by the build once the generator ran.</summary>
internal static class EmittedSize
{
    /// <summary>The line of a report whose C# is not emitted yet.</summary>
    public const string Unknown = "\"emittedBytes\": null";
}
