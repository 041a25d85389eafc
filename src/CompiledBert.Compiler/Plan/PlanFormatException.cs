namespace CompiledBert.Compiler;

/// <summary>A text is not a plan.</summary>
public sealed class PlanFormatException : FormatException
{
    /// <summary>Creates the exception for a line, counted from 1.</summary>
    public PlanFormatException(int line, string reason)
        : base(FormattableString.Invariant($"line {line}: {reason}"))
    {
        Line = line;
        Reason = reason;
    }

    /// <summary>The line, counted from 1.</summary>
    public int Line { get; }

    /// <summary>What is wrong there.</summary>
    public string Reason { get; }
}
