namespace CompiledBert.Compiler;

/// <summary>The reserved words of C#, which no class, namespace or parameter may be called without an <c>@</c>.</summary>
public static class CSharpKeywords
{
    private static readonly HashSet<string> Reserved = new(StringComparer.Ordinal)
    {
        "abstract", "as", "base", "bool", "break", "byte", "case", "catch", "char", "checked", "class", "const", "continue", "decimal", "default",
        "delegate", "do", "double", "else", "enum", "event", "explicit", "extern", "false", "finally", "fixed", "float", "for", "foreach", "goto",
        "if", "implicit", "in", "int", "interface", "internal", "is", "lock", "long", "namespace", "new", "null", "object", "operator", "out",
        "override", "params", "private", "protected", "public", "readonly", "ref", "return", "sbyte", "sealed", "short", "sizeof", "stackalloc",
        "static", "string", "struct", "switch", "this", "throw", "true", "try", "typeof", "uint", "ulong", "unchecked", "unsafe", "ushort",
        "using", "virtual", "void", "volatile", "while",

        // Not reserved everywhere, but no type can be called so.
        "record", "required", "file", "scoped", "var", "dynamic", "nint", "nuint", "notnull", "unmanaged", "managed", "await", "field", "extension",
    };

    /// <summary>Whether a word is reserved.</summary>
    public static bool Contains(string word) => Reserved.Contains(word);
}
