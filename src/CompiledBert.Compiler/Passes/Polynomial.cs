using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Passes;

/// <summary>A value read as a polynomial of another one, however its exporter ordered the arithmetic.</summary>
internal static class Polynomial
{
    private const int MaxDepth = 8;
    private const int MaxDegree = 3;

    /// <summary>Coefficients of x⁰ … x³ where the value is such a polynomial of <paramref name="x"/>; null elsewhere.</summary>
    public static double[]? Of(Value value, Value x) => Of(value, x, MaxDepth);

    private static double[]? Of(Value value, Value x, int depth)
    {
        if (ReferenceEquals(value, x))
        {
            return [0, 1, 0, 0];
        }

        if (value.IsScalar(out var number))
        {
            return [number, 0, 0, 0];
        }

        if (depth == 0 || value.Shape != x.Shape)
        {
            return null;
        }

        if (value.Is(UnaryKind.Neg, out var negated))
        {
            return Of(negated, x, depth - 1) is { } p ? Array.ConvertAll(p, c => -c) : null;
        }

        if (value.Producer is not { Operator: Binary { Kind: BinaryKind.Add or BinaryKind.Sub or BinaryKind.Mul } binary } producer
            || Of(producer.In(0), x, depth - 1) is not { } a
            || Of(producer.In(1), x, depth - 1) is not { } b)
        {
            return null;
        }

        return binary.Kind switch
        {
            BinaryKind.Add => [a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]],
            BinaryKind.Sub => [a[0] - b[0], a[1] - b[1], a[2] - b[2], a[3] - b[3]],
            _ => Product(a, b),
        };
    }

    private static double[]? Product(double[] a, double[] b)
    {
        var product = new double[MaxDegree + 1];
        for (var i = 0; i <= MaxDegree; i++)
        {
            for (var j = 0; j <= MaxDegree; j++)
            {
                if (i + j <= MaxDegree)
                {
                    product[i + j] += a[i] * b[j];
                }
                else if (a[i] * b[j] != 0)
                {
                    return null;
                }
            }
        }

        return product;
    }
}
