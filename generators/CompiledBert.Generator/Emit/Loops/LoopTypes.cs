using CompiledBert.Compiler;

namespace CompiledBert.Generator.Emit.Loops;

/// <summary>The typing rules of operations, and the arithmetic of accumulators.</summary>
internal static class LoopTypes
{
    /// <summary>The type of an operation's arguments; of the last ones for <c>select</c>, whose first is a truth value.</summary>
    public static DataType ArgumentType(Let let, Func<string, DataType> typeOf)
    {
        switch (let.Op)
        {
            case "not":
                return DataType.Bool;
            case "cast" or "isnan" or "isinf" or "equal" or "less" or "lessorequal" or "greater" or "greaterorequal":
                var named = let.Args.FirstOrDefault(a => !Literal.Is(a));
                return named is null ? DataType.Float32 : typeOf(named);
            default:
                return let.Type;
        }
    }

    /// <summary>The type of the argument at an index.</summary>
    public static DataType ArgumentType(Let let, int index, DataType from) => let.Op == "select" && index == 0 ? DataType.Bool : from;

    /// <summary>The neutral element of a reduction as C#.</summary>
    public static string Neutral(string kind, DataType type) => (kind, type) switch
    {
        ("sum", _) => "0",
        ("prod", _) => "1",
        ("max" or "maxnative", DataType.Float32) => "float.NegativeInfinity",
        ("min", DataType.Float32) => "float.PositiveInfinity",
        ("max", DataType.Int32 or DataType.Int64 or DataType.UInt64) => $"{ElementTypes.Value(type)}.MinValue",
        ("min", DataType.Int32 or DataType.Int64 or DataType.UInt64) => $"{ElementTypes.Value(type)}.MaxValue",
        _ => throw new EmitException($"a reduction '{kind}' of {type} is not known"),
    };

    /// <summary>The operation that feeds a reduction.</summary>
    public static string Operation(string kind) => kind switch { "sum" => "add", "prod" => "mul", _ => kind };
}
