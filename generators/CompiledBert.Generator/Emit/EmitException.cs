namespace CompiledBert.Generator.Emit;

/// <summary>A plan asks for something that cannot be written as C#: a name that is not there, types that do not fit.</summary>
internal sealed class EmitException : Exception
{
    /// <summary>Creates the exception with what is wrong.</summary>
    public EmitException(string reason)
        : base(reason)
    {
    }
}
