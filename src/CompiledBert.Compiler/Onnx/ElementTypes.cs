namespace CompiledBert.Compiler.Onnx;

/// <summary>ONNX's numbers for element types (TensorProto.DataType).</summary>
internal static class ElementTypes
{
    private static readonly string[] Names =
    [
        "undefined", "float", "uint8", "int8", "uint16", "int16", "int32", "int64", "string", "bool", "float16", "double", "uint32", "uint64",
        "complex64", "complex128", "bfloat16", "float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz", "uint4", "int4", "float4e2m1",
        "float8e8m0", "uint2", "int2",
    ];

    /// <summary>Whether ONNX knows the type.</summary>
    public static bool IsKnown(int type) => type > 0 && type < Names.Length;

    /// <summary>The type's name as the specification writes it.</summary>
    public static string NameOf(int type) => type >= 0 && type < Names.Length ? Names[type] : $"number {type}";

    /// <summary>The compiler's type for it; null where it has none (complex numbers, 8-bit floats and the like).</summary>
    public static DataType? From(int type) => type switch
    {
        1 => DataType.Float32,
        2 => DataType.UInt8,
        3 => DataType.Int8,
        4 => DataType.UInt16,
        5 => DataType.Int16,
        6 => DataType.Int32,
        7 => DataType.Int64,
        8 => DataType.String,
        9 => DataType.Bool,
        10 => DataType.Float16,
        11 => DataType.Float64,
        12 => DataType.UInt32,
        13 => DataType.UInt64,
        16 => DataType.BFloat16,
        21 => DataType.UInt4,
        22 => DataType.Int4,
        _ => null,
    };

    /// <summary>Bits an element takes in raw data; zero for text and unknown types.</summary>
    public static int BitsOf(int type) => type switch
    {
        14 => 64,
        15 => 128,
        17 or 18 or 19 or 20 or 24 => 8,
        23 => 4,
        25 or 26 => 2,
        _ => From(type)?.BitsOf() ?? 0,
    };

    /// <summary>The typed field in which elements of a type lie where they are not raw.</summary>
    public static PayloadField FieldOf(int type) => type switch
    {
        1 or 14 => PayloadField.FloatData,
        7 => PayloadField.Int64Data,
        8 => PayloadField.StringData,
        11 or 15 => PayloadField.DoubleData,
        12 or 13 => PayloadField.UInt64Data,
        _ => PayloadField.Int32Data,
    };
}
