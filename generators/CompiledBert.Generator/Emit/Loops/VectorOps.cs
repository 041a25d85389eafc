using CompiledBert.Compiler;

namespace CompiledBert.Generator.Emit.Loops;

/// <summary>
/// Operations of loop programs on vectors of floats, and on truth values as masks of all ones or none. Integers of 8 bits are floats while they are in
/// vectors, which is exact.
/// </summary>
internal static class VectorOps
{
    /// <summary>1.5·2²³: floats beside it are whole numbers, which stand in their low bits.</summary>
    public const string WholeOffset = $"V.Create({WholeOffsetNumber})";

    /// <summary>The number that <see cref="WholeOffset"/> is of.</summary>
    public const string WholeOffsetNumber = "12582912f";

    /// <summary>The bits of <see cref="WholeOffset"/>, a long.</summary>
    public const string WholeOffsetBits = "0x4B400000L";

    /// <summary>Whether an operation with lanes in its arguments has a vector form.</summary>
    /// <param name="op">The operation.</param>
    /// <param name="type">The result's type.</param>
    /// <param name="from">The type of the arguments (of the last ones, for <c>select</c>).</param>
    /// <param name="arguments">How many arguments it has.</param>
    public static bool Has(string op, DataType type, DataType from, int arguments) => op switch
    {
        "cast" when IsByte(from) || IsByte(type) =>
            (IsByte(from) || from == DataType.Float32) && (IsByte(type) || type == DataType.Float32) && (IsByte(from) != IsByte(type) || from == type),
        "cast" or "identity" => from is DataType.Float32 or DataType.Bool && type is DataType.Float32 or DataType.Bool,
        "mod" or "fmod" => false,
        _ when from is DataType.Float32 or DataType.Bool && type is DataType.Float32 or DataType.Bool =>
            Text(op, type, from, [.. Enumerable.Repeat("x", arguments)], new MicroKernels(VectorTarget.Vector128)) is not null,
        _ => false,
    };

    /// <summary>Whether a type is an integer of 8 bits.</summary>
    public static bool IsByte(DataType type) => type is DataType.Int8 or DataType.UInt8;

    /// <summary>The C# expression of an operation; null where it has no vector form.</summary>
    public static string? Text(string op, DataType type, DataType from, IReadOnlyList<string> a, MicroKernels kernels) => (op, a.Count) switch
    {
        ("identity", 1) => a[0],
        ("cast", 1) when type == from || IsByte(type) || IsByte(from) => a[0], // what becomes 8 bits is a whole number already
        ("cast", 1) => type == DataType.Float32 ? $"({a[0]} & VF.One)" : $"~V.Equals({a[0]}, VF.Zero)",
        ("select", 3) => $"V.ConditionalSelect({a[0]}, {a[1]}, {a[2]})",
        ("not", 1) => $"~{a[0]}",
        ("and", 2) => $"({a[0]} & {a[1]})",
        ("or", 2) => $"({a[0]} | {a[1]})",
        ("xor", 2) => $"({a[0]} ^ {a[1]})",
        ("equal", 2) when from == DataType.Bool => $"~({a[0]} ^ {a[1]})",
        ("equal", 2) => $"V.Equals({a[0]}, {a[1]})",
        ("less", 2) => $"V.LessThan({a[0]}, {a[1]})",
        ("lessorequal", 2) => $"V.LessThanOrEqual({a[0]}, {a[1]})",
        ("greater", 2) => $"V.GreaterThan({a[0]}, {a[1]})",
        ("greaterorequal", 2) => $"V.GreaterThanOrEqual({a[0]}, {a[1]})",
        _ when from == DataType.Float32 => Float(op, a, kernels),
        _ => null,
    };

    /// <summary>The C# expression of an operation on floats; null where it has no vector form.</summary>
    public static string? Float(string op, IReadOnlyList<string> a, MicroKernels kernels) => (op, a.Count) switch
    {
        ("add", 2) => $"({a[0]} + {a[1]})",
        ("sub", 2) => $"({a[0]} - {a[1]})",
        ("mul", 2) => $"({a[0]} * {a[1]})",
        ("div", 2) => $"({a[0]} / {a[1]})",
        ("fma", 3) => kernels.Target.Fma(a[0], a[1], a[2]),
        ("roundmul", 2) => $"({RoundedProduct(a[0], a[1], kernels)} - {WholeOffset})",
        ("min", 2) => $"V.Min({a[0]}, {a[1]})",
        ("max", 2) => $"V.Max({a[0]}, {a[1]})",
        ("maxnative", 2) => $"V.MaxNative({a[0]}, {a[1]})",
        ("neg", 1) => $"-{a[0]}",
        ("abs", 1) => $"V.Abs({a[0]})",
        ("sqrt", 1) => $"V.Sqrt({a[0]})",
        ("rsqrt", 1) => $"(VF.One / V.Sqrt({a[0]}))",
        ("reciprocal", 1) => $"(VF.One / {a[0]})",
        ("floor", 1) => $"V.Floor({a[0]})",
        ("ceil", 1) => $"V.Ceiling({a[0]})",
        ("round", 1) => $"V.Round({a[0]})",
        ("relu", 1) => $"V.ConditionalSelect(V.LessThan({a[0]}, VF.Zero), VF.Zero, {a[0]})",
        ("sign", 1) => $"V.ConditionalSelect(V.GreaterThan({a[0]}, VF.Zero), VF.One, V.ConditionalSelect(V.LessThan({a[0]}, VF.Zero), -VF.One, {a[0]}))",
        ("isnan", 1) => $"V.IsNaN({a[0]})",
        ("isinf", 1) => $"V.Equals(V.Abs({a[0]}), V.Create(float.PositiveInfinity))",
        _ => VectorMath.Need(kernels, op, a.Count) is { } function ? $"{function}({string.Join(", ", a)})" : null,
    };

    /// <summary>
    /// The C# expression of a product rounded to a whole number, plus 1.5·2²³: beside that, floats are whole numbers, and the low bits of theirs are those of
    /// the whole number as an integer.
    /// </summary>
    public static string RoundedProduct(string a, string b, MicroKernels kernels) => kernels.Target.Fma(a, b, WholeOffset);
}
