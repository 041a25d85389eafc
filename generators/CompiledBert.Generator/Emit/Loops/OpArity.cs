namespace CompiledBert.Generator.Emit.Loops;

/// <summary>How many arguments operations of loop programs take.</summary>
internal static class OpArity
{
    /// <summary>Whether an operation takes that many arguments; what is not known is for the operation itself to refuse.</summary>
    public static bool Check(string op, int arguments) => arguments == op switch
    {
        "select" or "fma" => 3,
        "add" or "sub" or "mul" or "div" or "pow" or "min" or "max" or "maxnative" or "mod" or "fmod" or "and" or "or" or "xor"
            or "roundmul" or "equal" or "less" or "lessorequal" or "greater" or "greaterorequal" => 2,
        _ => 1,
    };
}
