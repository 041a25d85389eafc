using CompiledBert.Compiler;

namespace CompiledBert.Generator.Emit.Loops;

/// <summary>
/// Operations of loop programs on one element. Floating-point functions go through the vector ones, so that a result has the same bits on either path.
/// </summary>
internal static class ScalarOps
{
    /// <summary>The C# expression of an operation.</summary>
    /// <param name="op">The operation.</param>
    /// <param name="type">The result's type.</param>
    /// <param name="from">The type of the arguments (of the last ones, for <c>select</c>).</param>
    /// <param name="a">The arguments, as C# expressions that may be repeated.</param>
    /// <param name="kernels">Where functions are registered.</param>
    public static string Text(string op, DataType type, DataType from, IReadOnlyList<string> a, MicroKernels kernels)
    {
        var text = op switch
        {
            "identity" => a[0],
            "cast" => Cast(type, from, a[0]),
            "select" => $"{a[0]} ? {a[1]} : {a[2]}",
            "not" => $"!{a[0]}",
            "and" => from == DataType.Bool ? $"{a[0]} && {a[1]}" : $"{a[0]} & {a[1]}",
            "or" => from == DataType.Bool ? $"{a[0]} || {a[1]}" : $"{a[0]} | {a[1]}",
            "xor" => from == DataType.Bool ? $"{a[0]} != {a[1]}" : $"{a[0]} ^ {a[1]}",
            "equal" => $"{a[0]} == {a[1]}",
            "less" => $"{a[0]} < {a[1]}",
            "lessorequal" => $"{a[0]} <= {a[1]}",
            "greater" => $"{a[0]} > {a[1]}",
            "greaterorequal" => $"{a[0]} >= {a[1]}",
            _ when from == DataType.Float32 => Float(op, a, kernels),
            _ when from is DataType.UInt64 && op is "mod" => $"{a[0]} % {a[1]}",
            _ when from is DataType.UInt64 && op is "neg" or "abs" or "sign" or "relu" => null,
            _ when from is DataType.Int32 or DataType.Int64 or DataType.UInt64 => Integer(op, type, a, kernels),
            _ => null,
        };
        return text ?? throw new EmitException($"operation '{op}' is not known for {from}");
    }

    private static string? Float(string op, IReadOnlyList<string> a, MicroKernels kernels) => op switch
    {
        "add" => $"{a[0]} + {a[1]}",
        "sub" => $"{a[0]} - {a[1]}",
        "mul" => $"{a[0]} * {a[1]}",
        "div" => $"{a[0]} / {a[1]}",
        "neg" => $"-{a[0]}",
        "abs" => $"MathF.Abs({a[0]})",
        "sqrt" => $"MathF.Sqrt({a[0]})",
        "rsqrt" => $"1f / MathF.Sqrt({a[0]})",
        "reciprocal" => $"1f / {a[0]}",
        "floor" => $"MathF.Floor({a[0]})",
        "ceil" => $"MathF.Ceiling({a[0]})",
        "round" => $"MathF.Round({a[0]})",
        "sign" => $"{a[0]} > 0f ? 1f : {a[0]} < 0f ? -1f : {a[0]}",
        "relu" => $"{a[0]} < 0f ? 0f : {a[0]}",
        "min" => $"MathF.Min({a[0]}, {a[1]})",
        "max" => $"MathF.Max({a[0]}, {a[1]})",
        "maxnative" => $"float.MaxNative({a[0]}, {a[1]})",
        "fmod" => $"{a[0]} % {a[1]}",
        "mod" => $"{NeedMod(kernels, "float")}({a[0]}, {a[1]})",
        "isnan" => $"float.IsNaN({a[0]})",
        "isinf" => $"float.IsInfinity({a[0]})",
        _ when VectorOps.Float(op, [.. a.Select(x => $"V.Create({x})")], kernels) is { } vector => $"{vector}.ToScalar()",
        _ => null,
    };

    private static string? Integer(string op, DataType type, IReadOnlyList<string> a, MicroKernels kernels)
    {
        var name = ElementTypes.Value(type);
        return op switch
        {
            "add" => $"unchecked({a[0]} + {a[1]})",
            "sub" => $"unchecked({a[0]} - {a[1]})",
            "mul" => $"unchecked({a[0]} * {a[1]})",
            "fma" => $"unchecked({a[0]} * {a[1]} + {a[2]})",
            "div" => $"{a[0]} / {a[1]}",
            "neg" => $"unchecked(-{a[0]})",
            "abs" => $"unchecked({a[0]} < 0 ? -{a[0]} : {a[0]})",
            "sign" => $"{a[0]} > 0 ? 1 : {a[0]} < 0 ? -1 : 0",
            "relu" => $"{a[0]} < 0 ? 0 : {a[0]}",
            "floor" or "ceil" or "round" => a[0],
            "min" => $"Math.Min({a[0]}, {a[1]})",
            "max" => $"Math.Max({a[0]}, {a[1]})",
            "fmod" => $"{a[0]} % {a[1]}",
            "mod" => $"{NeedMod(kernels, name)}({a[0]}, {a[1]})",
            "pow" => $"{NeedPow(kernels, name)}({a[0]}, {a[1]})",
            "isnan" or "isinf" => "false",
            _ => null,
        };
    }

    private static string Cast(DataType to, DataType from, string x) => (to, from) switch
    {
        _ when to == from => x,
        (DataType.Bool, DataType.Float16) => $"{x} != (Half)0f",
        (DataType.Bool, _) => $"{Cast(DataType.Float32, from, x)} != 0f",
        (_, DataType.Bool) => $"({ElementTypes.Value(to)})({x} ? 1 : 0)",
        (DataType.Float32, DataType.BFloat16) => $"BitConverter.UInt32BitsToSingle((uint){x} << 16)",
        (_, DataType.BFloat16) => Cast(to, DataType.Float32, $"BitConverter.UInt32BitsToSingle((uint){x} << 16)"),
        (DataType.BFloat16, _) => throw new EmitException("nothing is converted to BFloat16: it is a storage type"),
        _ => $"unchecked(({ElementTypes.Value(to)}){x})",
    };

    private static string NeedMod(MicroKernels kernels, string type) => kernels.Need($"Mod_{type}", (writer, _) =>
    {
        writer.Line("// Remainder with the divisor's sign.");
        using (writer.Block($"private static {type} Mod_{type}({type} a, {type} b)"))
        {
            writer.Line($"{type} r = a % b;");
            writer.Line("return r != 0 && r < 0 != b < 0 ? r + b : r;");
        }
    });

    private static string NeedPow(MicroKernels kernels, string type) => kernels.Need($"Pow_{type}", (writer, _) =>
    {
        writer.Line("// A power of an integer; negative exponents truncate.");
        using (writer.Block($"private static {type} Pow_{type}({type} a, {type} b)"))
        using (writer.Block("unchecked"))
        {
            if (type != "ulong")
            {
                using (writer.Block("if (b < 0)"))
                {
                    writer.Line($"return a == 1 ? 1 : a == -1 ? ((b & 1) == 0 ? 1 : -1) : 0;");
                }
            }

            writer.Line($"{type} power = 1;");
            using (writer.Block("for (; b != 0; b >>= 1, a *= a)"))
            {
                writer.Line("power = (b & 1) != 0 ? power * a : power;");
            }

            writer.Line("return power;");
        }
    });
}
