namespace CompiledBert.Compiler;

/// <summary>Element types of tensors, as ONNX names them.</summary>
public enum DataType
{
    /// <summary>32-bit floating point: what all floating-point arithmetic runs in.</summary>
    Float32,

    /// <summary>64-bit floating point.</summary>
    Float64,

    /// <summary>16-bit IEEE floating point; storage only.</summary>
    Float16,

    /// <summary>16-bit brain floating point; storage only.</summary>
    BFloat16,

    /// <summary>Signed 8-bit integer.</summary>
    Int8,

    /// <summary>Unsigned 8-bit integer.</summary>
    UInt8,

    /// <summary>Signed 16-bit integer.</summary>
    Int16,

    /// <summary>Unsigned 16-bit integer.</summary>
    UInt16,

    /// <summary>Signed 32-bit integer.</summary>
    Int32,

    /// <summary>Unsigned 32-bit integer.</summary>
    UInt32,

    /// <summary>Signed 64-bit integer.</summary>
    Int64,

    /// <summary>Unsigned 64-bit integer.</summary>
    UInt64,

    /// <summary>Truth value, one byte: 0 or 1.</summary>
    Bool,

    /// <summary>Signed 4-bit integer, two in a byte, low half first; storage only.</summary>
    Int4,

    /// <summary>Unsigned 4-bit integer, two in a byte, low half first; storage only.</summary>
    UInt4,

    /// <summary>Text; recognised so that it can be refused by name.</summary>
    String,
}

/// <summary>Facts about element types.</summary>
public static class DataTypes
{
    /// <summary>Bits an element takes. Zero for text.</summary>
    public static int BitsOf(this DataType type) => type switch
    {
        DataType.Int4 or DataType.UInt4 => 4,
        DataType.Int8 or DataType.UInt8 or DataType.Bool => 8,
        DataType.Int16 or DataType.UInt16 or DataType.Float16 or DataType.BFloat16 => 16,
        DataType.Int32 or DataType.UInt32 or DataType.Float32 => 32,
        DataType.Int64 or DataType.UInt64 or DataType.Float64 => 64,
        _ => 0,
    };

    /// <summary>Whether values are floating point.</summary>
    public static bool IsFloat(this DataType type) => type is DataType.Float32 or DataType.Float64 or DataType.Float16 or DataType.BFloat16;

    /// <summary>Whether values are integers; truth values are not.</summary>
    public static bool IsInteger(this DataType type) => !type.IsFloat() && type is not (DataType.Bool or DataType.String);
}
