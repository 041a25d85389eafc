using CompiledBert.Compiler;

namespace CompiledBert.Generator.Emit.Loops;

/// <summary>C# names of element types.</summary>
internal static class ElementTypes
{
    /// <summary>The type of a value in an expression.</summary>
    public static string Value(DataType type) => type switch
    {
        DataType.Bool => "bool",
        DataType.BFloat16 => "ushort",
        _ => Memory(type),
    };

    /// <summary>The type of an element in memory.</summary>
    public static string Memory(DataType type) => type switch
    {
        DataType.Float32 => "float",
        DataType.Float64 => "double",
        DataType.Float16 => "Half",
        DataType.BFloat16 or DataType.UInt16 => "ushort",
        DataType.Int8 => "sbyte",
        DataType.UInt8 or DataType.Bool => "byte",
        DataType.Int16 => "short",
        DataType.Int32 => "int",
        DataType.UInt32 => "uint",
        DataType.Int64 => "long",
        DataType.UInt64 => "ulong",
        _ => throw new EmitException($"elements of type {type} cannot be read or written by a loop program"),
    };
}
