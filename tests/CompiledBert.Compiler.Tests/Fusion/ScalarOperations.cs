using System.Globalization;

namespace CompiledBert.Compiler.Tests.Fusion;

/// <summary>The operations of loop programs on single values.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Performance", "CA1859", Justification = "Values of loop programs are of several types.")]
internal static class ScalarOperations
{
    public static object Literal(string text, DataType type) => type switch
    {
        DataType.Bool => text is "true" or "false" ? text == "true" : throw new FormatException(text),
        DataType.Int64 => (object)long.Parse(text, CultureInfo.InvariantCulture),
        DataType.Int32 => int.Parse(text, CultureInfo.InvariantCulture),
        DataType.Float32 => text switch
        {
            "inf" => float.PositiveInfinity,
            "-inf" => float.NegativeInfinity,
            "nan" => float.NaN,
            _ => float.Parse(text, CultureInfo.InvariantCulture),
        },
        DataType.UInt64 => (long)ulong.Parse(text, CultureInfo.InvariantCulture),
        DataType.Int8 or DataType.UInt8 or DataType.Int16 or DataType.UInt16 or DataType.UInt32 => long.Parse(text, CultureInfo.InvariantCulture),
        _ => throw new FormatException(text),
    };

    public static object Neutral(Accumulator accumulator) => (accumulator.Kind, accumulator.Type) switch
    {
        ("sum", DataType.Float32) => (object)0f,
        ("prod", DataType.Float32) => 1f,
        ("max", DataType.Float32) => float.NegativeInfinity,
        ("min", DataType.Float32) => float.PositiveInfinity,
        ("sum", DataType.Int64) => 0L,
        ("prod", DataType.Int64) => 1L,
        ("max", DataType.Int64) => long.MinValue,
        ("min", DataType.Int64) => long.MaxValue,
        ("sum", DataType.Int32) => 0,
        ("max", DataType.Int32) => int.MinValue,
        ("min", DataType.Int32) => int.MaxValue,
        _ => throw new FormatException(accumulator.ToString()),
    };

    public static object Combine(Accumulator accumulator, object a, object b) => accumulator.Kind switch
    {
        "sum" => Binary("add", accumulator.Type, a, b),
        "prod" => Binary("mul", accumulator.Type, a, b),
        var kind => Binary(kind, accumulator.Type, a, b),
    };

    public static object Apply(Let let, Func<string, DataType, object> value, Func<string, object?> known, Func<Symbol, long> lengthOf)
    {
        switch (let.Op)
        {
            case "dim":
                return Dim.Parse(let.Args[0]).Evaluate(lengthOf);
            case "index":
                var (index, limit) = ((long)value(let.Args[0], DataType.Int64), (long)value(let.Args[1], DataType.Int64));
                return index >= -limit && index < limit ? (index < 0 ? index + limit : index) : throw new InvalidOperationException(let.ToString());
            case "cast":
                return Cast(known(let.Args[0]) ?? throw new FormatException(let.ToString()), let.Type);
            case "select":
                return (bool)value(let.Args[0], DataType.Bool) ? value(let.Args[1], let.Type) : value(let.Args[2], let.Type);
            case "fma" when let.Type == DataType.Float32:
                return (float)(((double)(float)value(let.Args[0], let.Type) * (float)value(let.Args[1], let.Type)) + (float)value(let.Args[2], let.Type));
            case "not":
                return !(bool)value(let.Args[0], DataType.Bool);
            case "isnan" or "isinf":
                var x = (float)value(let.Args[0], DataType.Float32);
                return let.Op == "isnan" ? float.IsNaN(x) : float.IsInfinity(x);
        }

        var isComparison = let.Op is "equal" or "less" or "lessorequal" or "greater" or "greaterorequal";
        var type = !isComparison ? let.Type : let.Args.Select(known).FirstOrDefault(o => o is not null) switch
        {
            float => DataType.Float32,
            int => DataType.Int32,
            bool => DataType.Bool,
            _ => DataType.Int64,
        };
        return let.Args.Count == 1
            ? Unary(let.Op, type, value(let.Args[0], type))
            : Binary(let.Op, type, value(let.Args[0], type), value(let.Args[1], type));
    }

    private static object Cast(object from, DataType to)
    {
        if (to == DataType.Bool)
        {
            return System.Convert.ToDouble(from, CultureInfo.InvariantCulture) != 0;
        }

        return (from, to) switch
        {
            (float f, DataType.Int64) => (object)(long)f,
            (float f, DataType.Int32) => (int)f,
            (_, DataType.Float32) => System.Convert.ToSingle(from, CultureInfo.InvariantCulture),
            (_, DataType.Int64) => System.Convert.ToInt64(from, CultureInfo.InvariantCulture),
            (_, DataType.Int32) => (int)System.Convert.ToInt64(from, CultureInfo.InvariantCulture),
            (float f, _) when IsNarrow(to) => Wrap((long)f, to),
            (_, _) when IsNarrow(to) => Wrap(System.Convert.ToInt64(from, CultureInfo.InvariantCulture), to),
            _ => throw new FormatException($"{from} to {to}"),
        };
    }

    private static bool IsNarrow(DataType type) =>
        type is DataType.Int8 or DataType.UInt8 or DataType.Int16 or DataType.UInt16 or DataType.UInt32 or DataType.UInt64;

    /// <summary>The low bits of a whole number, as the type reads them.</summary>
    private static object Wrap(object value, DataType type) => (value, type) switch
    {
        (long l, DataType.Int8) => (long)(sbyte)l,
        (long l, DataType.UInt8) => (long)(byte)l,
        (long l, DataType.Int16) => (long)(short)l,
        (long l, DataType.UInt16) => (long)(ushort)l,
        (long l, DataType.UInt32) => (long)(uint)l,
        _ => value,
    };

    private static object Unary(string op, DataType type, object x) => type switch
    {
        _ when op == "identity" => x,
        DataType.Float32 => (object)(float)Evaluate(op, (float)x),
        DataType.Int64 => op switch
        {
            "neg" => -(long)x,
            "abs" => Math.Abs((long)x),
            "sign" => (long)Math.Sign((long)x),
            "relu" => Math.Max(0, (long)x),
            _ => throw new FormatException(op),
        },
        DataType.Int32 => op switch { "neg" => -(int)x, "abs" => Math.Abs((int)x), "sign" => Math.Sign((int)x), _ => throw new FormatException(op) },
        _ => throw new FormatException(op),
    };

    private static double Evaluate(string op, double x) => op switch
    {
        "neg" => -x,
        "abs" => Math.Abs(x),
        "sqrt" => Math.Sqrt(x),
        "rsqrt" => 1 / Math.Sqrt(x),
        "reciprocal" => 1 / x,
        "exp" => Math.Exp(x),
        "log" => Math.Log(x),
        "erf" => Erf(x),
        "tanh" => Math.Tanh(x),
        "sigmoid" => 1 / (1 + Math.Exp(-x)),
        "sin" => Math.Sin(x),
        "cos" => Math.Cos(x),
        "floor" => Math.Floor(x),
        "ceil" => Math.Ceiling(x),
        "round" => Math.Round(x, MidpointRounding.ToEven),
        "sign" => double.IsNaN(x) ? x : Math.Sign(x),
        "relu" => double.IsNaN(x) ? x : Math.Max(x, 0),
        "geluerf" or "geluerfcoarse" => 0.5 * x * (1 + Erf(x / Math.Sqrt(2))),
        "gelutanh" => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x)))),
        "silu" => x / (1 + Math.Exp(-x)),
        "softplus" => x > 30 ? x : Math.Log(1 + Math.Exp(x)),
        _ => throw new FormatException(op),
    };

    private static object Binary(string op, DataType type, object a, object b) => type switch
    {
        DataType.UInt64 => Unsigned(op, (ulong)(long)a, (ulong)(long)b) ?? Integers(op, (long)a, (long)b),
        DataType.Float32 => Floats(op, (float)a, (float)b),
        DataType.Int64 => Integers(op, (long)a, (long)b),
        DataType.Int32 => Integers(op, (int)a, (int)b) is long l ? (int)l : Integers(op, (int)a, (int)b),
        DataType.Bool => (object)(op switch
        {
            "and" => (bool)a && (bool)b,
            "or" => (bool)a || (bool)b,
            "xor" => (bool)a ^ (bool)b,
            "equal" => (bool)a == (bool)b,
            _ => throw new FormatException(op),
        }),
        _ => throw new FormatException(op),
    };

    private static object Floats(string op, float a, float b) => op switch
    {
        "add" => (object)(a + b),
        "sub" => a - b,
        "mul" => a * b,
        "div" => a / b,
        "roundmul" => (float)Math.Round((double)a * b, MidpointRounding.ToEven),
        "pow" => MathF.Pow(a, b),
        "min" => MathF.Min(a, b),
        "max" => MathF.Max(a, b),
        "mod" => (object)(a - (b * MathF.Floor(a / b))),
        "fmod" => MathF.IEEERemainder(a, b),
        "equal" => a == b,
        "less" => a < b,
        "lessorequal" => a <= b,
        "greater" => a > b,
        "greaterorequal" => a >= b,
        _ => throw new FormatException(op),
    };

    /// <summary>What differs without a sign; null for the rest.</summary>
    private static object? Unsigned(string op, ulong a, ulong b) => op switch
    {
        "div" => (object)(long)(a / b),
        "mod" or "fmod" => (long)(a % b),
        "min" => (long)Math.Min(a, b),
        "max" => (long)Math.Max(a, b),
        "less" => a < b,
        "lessorequal" => a <= b,
        "greater" => a > b,
        "greaterorequal" => a >= b,
        _ => null,
    };

    private static object Integers(string op, long a, long b) => op switch
    {
        "add" => (object)(a + b),
        "sub" => a - b,
        "mul" => a * b,
        "div" => a / b,
        "mod" => (object)(((a % b) + b) % b),
        "fmod" => a % b,
        "pow" => (long)Math.Pow(a, b),
        "min" => Math.Min(a, b),
        "max" => Math.Max(a, b),
        "equal" => a == b,
        "less" => a < b,
        "lessorequal" => a <= b,
        "greater" => a > b,
        "greaterorequal" => a >= b,
        _ => throw new FormatException(op),
    };

    /// <summary>The error function by its Taylor series and continued fraction, to double precision for the sizes that matter.</summary>
    private static double Erf(double x)
    {
        var z = Math.Abs(x);
        if (z > 6)
        {
            return Math.Sign(x);
        }

        double sum = z, term = z;
        for (var n = 1; n < 200; n++)
        {
            term *= -z * z / n;
            sum += term / ((2 * n) + 1);
        }

        return Math.Sign(x) * 2 / Math.Sqrt(Math.PI) * sum;
    }
}
