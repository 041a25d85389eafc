using CompiledBert.Compiler.Evaluation;
using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Passes;

/// <summary>What passes ask about values: by which operator they are made, and of what.</summary>
internal static class Pattern
{
    /// <summary>Constants of up to this many elements are looked at for what they hold.</summary>
    private const int SmallCount = 65_536;

    private const double TwoTo63 = 9_223_372_036_854_775_808;

    /// <summary>Whether the operator works element by element with broadcasting.</summary>
    public static bool IsElementwise(this Operator op) => op is Unary or Binary or Select or Cast;

    /// <summary>Whether an operator only moves, leaves out or repeats elements.</summary>
    public static bool IsMove(this Operator op) => op is Reshape or Transpose or Slice or Expand;

    /// <summary>Whether a value is f(x).</summary>
    public static bool Is(this Value value, UnaryKind kind, out Value x)
    {
        var matches = value.Producer is { Operator: Unary unary } && unary.Kind == kind;
        x = matches ? value.Producer!.In(0) : value;
        return matches;
    }

    /// <summary>Whether a value is f(a, b).</summary>
    public static bool Is(this Value value, BinaryKind kind, out Value a, out Value b)
    {
        var matches = value.Producer is { Operator: Binary binary } && binary.Kind == kind;
        (a, b) = matches ? (value.Producer!.In(0), value.Producer.In(1)) : (value, value);
        return matches;
    }

    /// <summary>Whether a value is made by an operator of type <typeparamref name="T"/>.</summary>
    public static bool Is<T>(this Value value, out T op, out Value x)
        where T : Operator
    {
        if (value.Producer is { Operator: T found } producer)
        {
            (op, x) = (found, producer.In(0));
            return true;
        }

        (op, x) = (null!, value);
        return false;
    }

    /// <summary>Whether a value is f(x, c) or f(c, x) for a commutative f and a constant c that is one number throughout.</summary>
    public static bool IsWithScalar(this Value value, BinaryKind kind, out Value x, out double c)
    {
        (x, c) = (value, 0);
        if (!value.Is(kind, out var a, out var b))
        {
            return false;
        }

        if (b.IsScalar(out c))
        {
            x = a;
            return true;
        }

        x = b;
        return a.IsScalar(out c);
    }

    /// <summary>Whether a value is a constant that is the same number in every element.</summary>
    public static bool IsScalar(this Value value, out double number)
    {
        number = 0;
        if (value.Constant is not { Count: > 0 and <= SmallCount, IsUnknown: false } data || data.Type == DataType.String)
        {
            return false;
        }

        if (data.Count > 64 && !FirstElementsAgree(data))
        {
            return false;
        }

        var tensor = Tensor.Of(data);
        if (tensor.IsFloat)
        {
            number = tensor.Floats[0];
            return !tensor.Floats.AsSpan().ContainsAnyExcept(tensor.Floats[0]);
        }

        // An integer that no double is counts as none: 2^53 + 1, say.
        number = tensor.Integers[0];
        return number < TwoTo63 && (long)number == tensor.Integers[0] && !tensor.Integers.AsSpan().ContainsAnyExcept(tensor.Integers[0]);
    }

    /// <summary>Whether a value is a constant that is <paramref name="number"/> in every element.</summary>
    public static bool IsScalar(this Value value, double number) => value.IsScalar(out var found) && found == number;

    /// <summary>Whether a value is the mean over the last axis, which stays.</summary>
    public static bool IsMeanOfLastAxis(this Value value, out Value x)
    {
        if (value.Is<Reduce>(out var reduce, out x) && reduce.Axes is [var axis] && axis == x.Shape.Rank - 1)
        {
            return reduce.Kind == ReduceKind.Mean;
        }

        return value.IsWithScalar(BinaryKind.Mul, out var sum, out var factor)
            && sum.Is<Reduce>(out reduce, out x)
            && reduce.Kind == ReduceKind.Sum
            && reduce.Axes is [var summed]
            && summed == x.Shape.Rank - 1
            && x.Shape[-1].IsConstant
            && Math.Abs((factor * x.Shape[-1].Value) - 1) < 1e-6;
    }

    /// <summary>
    /// Whether a value is a constant that only the last axis of a shape of <paramref name="width"/> sees: <c>[N]</c>, <c>[1,N]</c>, or a scalar.
    /// </summary>
    public static bool IsVector(this Value value, Dim width, int rank) =>
        value.IsConstant
        && value.Type == DataType.Float32
        && value.Shape.Rank <= rank
        && width.IsConstant
        && value.Shape.SkipLast(1).All(d => d.Is(1))
        && (value.Shape.Rank == 0 || value.Shape[-1] == width || value.Shape[-1].Is(1));

    /// <summary>The elements of a constant that <see cref="IsVector"/> holds for, as many as the last axis has.</summary>
    public static float[] ToVector(this Value value, Dim width)
    {
        var elements = Tensor.Of(value.Constant!).Floats;
        if (elements.Length != width.Value)
        {
            var repeated = new float[width.Value];
            Array.Fill(repeated, elements[0]);
            return repeated;
        }

        return elements;
    }

    /// <summary>Whether a number is within float rounding of another.</summary>
    public static bool Near(double a, double b) => Math.Abs(a - b) <= 2e-4 * Math.Abs(b);

    private static bool FirstElementsAgree(TensorData data)
    {
        // Weights are rarely uniform: a look at the first two elements spares reading the rest.
        var bytes = Math.Max(1, data.Type.BitsOf() / 8);
        return data.Bytes[..bytes].SequenceEqual(data.Bytes.Slice(bytes, bytes));
    }
}
