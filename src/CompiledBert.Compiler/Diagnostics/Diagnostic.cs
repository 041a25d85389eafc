namespace CompiledBert.Compiler;

/// <summary>How grave a diagnostic is.</summary>
public enum Severity
{
    /// <summary>Worth knowing.</summary>
    Info,

    /// <summary>The result works but may not be what is wanted.</summary>
    Warning,

    /// <summary>There is no result.</summary>
    Error,
}

/// <summary>One message of the compiler.</summary>
/// <param name="Code">Code of the table in <see cref="DiagnosticTable"/>: CBERT0001 and so on.</param>
/// <param name="Severity">How grave it is.</param>
/// <param name="Message">What is wrong, with names and numbers, and what to do about it.</param>
/// <param name="File">The file it is about, if any.</param>
/// <param name="Node">The node of the model it is about, if any.</param>
public sealed record Diagnostic(string Code, Severity Severity, string Message, string? File = null, string? Node = null)
{
    /// <summary>The message as compilers print it: <c>file : error CBERT0001: node 'n': text</c>.</summary>
    public override string ToString()
    {
        var severity = Severity switch { Severity.Error => "error", Severity.Warning => "warning", _ => "info" };
        var node = Node is null ? "" : $"node '{Abbreviate(Node)}': ";
        var file = File is null ? "" : File + " : ";
        return $"{file}{severity} {Code}: {node}{Message}";
    }

    /// <summary>A name from a model in a form fit for one line: control characters escaped, long names cut in the middle.</summary>
    public static string Abbreviate(string name)
    {
        var clean = string.Concat(name.Select(c => char.IsControl(c) ? $"\\u{(int)c:x4}" : c.ToString()));
        return clean.Length <= 120 ? clean : clean[..80] + "…" + clean[^30..];
    }
}
