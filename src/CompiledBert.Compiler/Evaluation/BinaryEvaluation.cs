using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Evaluation;

/// <summary>Functions of two elements, and selection between two, broadcast.</summary>
internal static class BinaryEvaluation
{
    public static Tensor Evaluate(BinaryKind kind, Tensor a, Tensor b)
    {
        var dims = Positions.BroadcastDims(a.Dims, b.Dims);
        var fromA = Positions.Broadcast(a.Dims, dims);
        var fromB = Positions.Broadcast(b.Dims, dims);
        var compares = kind is BinaryKind.Equal or BinaryKind.Less or BinaryKind.LessOrEqual or BinaryKind.Greater or BinaryKind.GreaterOrEqual;
        if (kind == BinaryKind.Pow && a.IsFloat != b.IsFloat)
        {
            var power = UnaryEvaluation.Cast(DataType.Float32, b);
            return UnaryEvaluation.Cast(a.Type, Evaluate(kind, UnaryEvaluation.Cast(DataType.Float32, a), power));
        }

        if (compares)
        {
            var truths = new long[fromA.Length];
            for (var i = 0; i < truths.Length; i++)
            {
                var holds = a.IsFloat
                    ? Compares(kind, a.Floats[fromA[i]], b.Floats[fromB[i]])
                    : a.Type == DataType.UInt64 ? Compares(kind, (ulong)a.Integers[fromA[i]], (ulong)b.Integers[fromB[i]])
                    : Compares(kind, a.Integers[fromA[i]], b.Integers[fromB[i]]);
                truths[i] = holds ? 1 : 0;
            }

            return Tensor.Of(DataType.Bool, dims, truths);
        }

        if (a.IsFloat)
        {
            var floats = new float[fromA.Length];
            for (var i = 0; i < floats.Length; i++)
            {
                floats[i] = OfFloats(kind, a.Floats[fromA[i]], b.Floats[fromB[i]]);
            }

            return Tensor.Of(a.Type, dims, floats);
        }

        var integers = new long[fromA.Length];
        for (var i = 0; i < integers.Length; i++)
        {
            integers[i] = UnaryEvaluation.Wrap(a.Type, OfIntegers(kind, a.Integers[fromA[i]], b.Integers[fromB[i]]));
        }

        return Tensor.Of(a.Type, dims, integers);
    }

    public static Tensor Select(Tensor condition, Tensor a, Tensor b)
    {
        var dims = Positions.BroadcastDims(condition.Dims, a.Dims, b.Dims);
        var fromC = Positions.Broadcast(condition.Dims, dims);
        var fromA = Positions.Broadcast(a.Dims, dims);
        var fromB = Positions.Broadcast(b.Dims, dims);
        Array result = a.IsFloat ? Choose(a.Floats, b.Floats) : Choose(a.Integers, b.Integers);
        return Tensor.Of(a.Type, dims, result);

        T[] Choose<T>(T[] x, T[] y)
        {
            var chosen = new T[fromC.Length];
            for (var i = 0; i < chosen.Length; i++)
            {
                chosen[i] = condition.Integers[fromC[i]] != 0 ? x[fromA[i]] : y[fromB[i]];
            }

            return chosen;
        }
    }

    private static bool Compares<T>(BinaryKind kind, T a, T b)
        where T : System.Numerics.IComparisonOperators<T, T, bool> => kind switch
    {
        BinaryKind.Equal => a == b,
        BinaryKind.Less => a < b,
        BinaryKind.LessOrEqual => a <= b,
        BinaryKind.Greater => a > b,
        _ => a >= b,
    };

    /// <summary>A function of two numbers.</summary>
    public static float OfFloats(BinaryKind kind, float a, float b) => kind switch
    {
        BinaryKind.Add => a + b,
        BinaryKind.Sub => a - b,
        BinaryKind.Mul => a * b,
        BinaryKind.Div => a / b,
        BinaryKind.Pow => (float)Math.Pow(a, b),
        BinaryKind.Min => MathF.Min(a, b),
        BinaryKind.Max => MathF.Max(a, b),
        BinaryKind.Mod => a - (b * MathF.Floor(a / b)),
        BinaryKind.FMod => a % b,
        _ => throw new EvaluationException($"{kind} has no meaning for floating point."),
    };

    /// <summary>A function of two integers, before it is cut to their type.</summary>
    public static long OfIntegers(BinaryKind kind, long a, long b) => kind switch
    {
        BinaryKind.Add => a + b,
        BinaryKind.Sub => a - b,
        BinaryKind.Mul => a * b,
        BinaryKind.Div => b == 0 ? throw new EvaluationException("Division by zero.") : b == -1 ? -a : a / b,
        BinaryKind.Pow => (long)Math.Pow(a, b),
        BinaryKind.Min => Math.Min(a, b),
        BinaryKind.Max => Math.Max(a, b),
        BinaryKind.Mod => b == 0 ? throw new EvaluationException("Division by zero.") : b == -1 ? 0 : ((a % b) + b) % b,
        BinaryKind.FMod => b == 0 ? throw new EvaluationException("Division by zero.") : b == -1 ? 0 : a % b,
        BinaryKind.And => a & b,
        BinaryKind.Or => a | b,
        BinaryKind.Xor => a ^ b,
        _ => throw new EvaluationException($"{kind} has no meaning for integers."),
    };
}
