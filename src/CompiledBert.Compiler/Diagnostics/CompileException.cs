namespace CompiledBert.Compiler;

/// <summary>A model, or what was asked of it, cannot be compiled. Its diagnostic says which file and node, and what to do.</summary>
public sealed class CompileException : Exception
{
    /// <summary>Creates the exception for a diagnostic.</summary>
    public CompileException(Diagnostic diagnostic)
        : this(diagnostic, null)
    {
    }

    /// <summary>Creates the exception for a diagnostic that another exception led to.</summary>
    public CompileException(Diagnostic diagnostic, Exception? cause)
        : base(diagnostic.ToString(), cause) => Diagnostic = diagnostic;

    /// <summary>What is wrong.</summary>
    public Diagnostic Diagnostic { get; }
}
