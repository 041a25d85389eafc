using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Evaluation;

/// <summary>Functions of one element, and casts.</summary>
internal static class UnaryEvaluation
{
    public static Tensor Evaluate(UnaryKind kind, Tensor x)
    {
        if (kind == UnaryKind.Identity)
        {
            return x;
        }

        if (!x.IsFloat)
        {
            return Tensor.Of(
                kind is UnaryKind.IsNaN or UnaryKind.IsInf ? DataType.Bool : x.Type, x.Dims,
                Array.ConvertAll(x.Integers, v => Wrap(x.Type, OfInteger(kind, v))));
        }

        if (kind is UnaryKind.IsNaN or UnaryKind.IsInf)
        {
            return Tensor.Of(
                DataType.Bool, x.Dims, Array.ConvertAll(x.Floats, v => (kind == UnaryKind.IsNaN ? float.IsNaN(v) : float.IsInfinity(v)) ? 1L : 0L));
        }

        var result = new float[x.Count];
        for (var i = 0; i < result.Length; i++)
        {
            result[i] = OfFloat(kind, x.Floats[i]);
        }

        return Tensor.Of(x.Type, x.Dims, result);
    }

    public static Tensor Cast(DataType to, Tensor x)
    {
        if (to == x.Type)
        {
            return x;
        }

        if (x.IsFloat)
        {
            return to.IsFloat() ? x.Retyped(to)
                : to == DataType.Bool ? Tensor.Of(to, x.Dims, Array.ConvertAll(x.Floats, v => v != 0 ? 1L : 0L))
                : Tensor.Of(to, x.Dims, Array.ConvertAll(x.Floats, v => Wrap(to, (long)v)));
        }

        return to.IsFloat() ? Tensor.Of(to, x.Dims, Array.ConvertAll(x.Integers, v => x.Type == DataType.UInt64 ? (float)(ulong)v : (float)v))
            : to == DataType.Bool ? Tensor.Of(to, x.Dims, Array.ConvertAll(x.Integers, v => v != 0 ? 1L : 0L))
            : Tensor.Of(to, x.Dims, Array.ConvertAll(x.Integers, v => Wrap(to, v)));
    }

    /// <summary>An integer as its type holds it.</summary>
    public static long Wrap(DataType type, long value) => type switch
    {
        DataType.Bool => value != 0 ? 1 : 0,
        DataType.Int4 => (sbyte)(value << 4) >> 4,
        DataType.UInt4 => value & 15,
        DataType.Int8 => (sbyte)value,
        DataType.UInt8 => (byte)value,
        DataType.Int16 => (short)value,
        DataType.UInt16 => (ushort)value,
        DataType.Int32 => (int)value,
        DataType.UInt32 => (uint)value,
        _ => value,
    };

    private static long OfInteger(UnaryKind kind, long x) => kind switch
    {
        UnaryKind.Neg => -x,
        UnaryKind.Abs => Math.Abs(x),
        UnaryKind.Sign => Math.Sign(x),
        UnaryKind.Relu => Math.Max(x, 0),
        UnaryKind.Not => x == 0 ? 1 : 0,
        UnaryKind.Floor or UnaryKind.Ceil or UnaryKind.Round => x,
        UnaryKind.IsNaN or UnaryKind.IsInf => 0,
        _ => throw new EvaluationException($"{kind} has no meaning for integers."),
    };

    private static float OfFloat(UnaryKind kind, float x) => kind switch
    {
        UnaryKind.Neg => -x,
        UnaryKind.Abs => MathF.Abs(x),
        UnaryKind.Sqrt => MathF.Sqrt(x),
        UnaryKind.Rsqrt => (float)(1 / Math.Sqrt(x)),
        UnaryKind.Reciprocal => 1 / x,
        UnaryKind.Exp => (float)Math.Exp(x),
        UnaryKind.Log => (float)Math.Log(x),
        UnaryKind.Erf => (float)ErrorFunction.Erf(x),
        UnaryKind.Tanh => (float)Math.Tanh(x),
        UnaryKind.Sigmoid => (float)(1 / (1 + Math.Exp(-(double)x))),
        UnaryKind.Sin => (float)Math.Sin(x),
        UnaryKind.Cos => (float)Math.Cos(x),
        UnaryKind.Floor => MathF.Floor(x),
        UnaryKind.Ceil => MathF.Ceiling(x),
        UnaryKind.Round => MathF.Round(x, MidpointRounding.ToEven),
        UnaryKind.Sign => float.IsNaN(x) ? x : MathF.Sign(x),
        UnaryKind.Relu => x < 0 ? 0 : x,
        UnaryKind.GeluErf or UnaryKind.GeluErfCoarse => (float)(0.5 * x * (1 + ErrorFunction.Erf(x * Math.Sqrt(0.5)))),
        UnaryKind.GeluTanh => (float)(0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * (double)x * x))))),
        UnaryKind.Silu => (float)(x / (1 + Math.Exp(-(double)x))),
        UnaryKind.Softplus => (float)(Math.Max(x, 0) + Math.Log(1 + Math.Exp(-Math.Abs((double)x)))),
        _ => throw new EvaluationException($"{kind} has no meaning for floating point."),
    };
}
