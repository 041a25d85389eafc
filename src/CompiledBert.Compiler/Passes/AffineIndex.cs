using CompiledBert.Compiler.Evaluation;
using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Passes;

/// <summary>
/// Indices that are an affine function of where they stand: <c>offset + Σ coefficient[axis]·i[axis]</c>. Exporters build such grids out of
/// ranges, reshapes, expansions and sums where they mean "every element in its place".
/// </summary>
internal sealed record AffineIndex(Dim Offset, Dim[] Coefficients)
{
    private const int MaxDepth = 16;

    /// <summary>Reads a value as such indices; null where it is something else. Axes of length 1 have coefficient 0.</summary>
    public static AffineIndex? Of(Value value) => value.Type.IsInteger() ? Of(value, MaxDepth) : null;

    /// <summary>The least index where all coefficients are known not to be negative; null elsewhere.</summary>
    public Dim? Least => Coefficients.All(IsNotNegative) ? Offset : null;

    /// <summary>Whether a polynomial cannot be negative, lengths being at least 1.</summary>
    public static bool IsNotNegative(Dim dim) => dim.Terms.All(t => t.Coefficient >= 0);

    private static AffineIndex? Of(Value value, int depth)
    {
        if (value.Constant is { } data)
        {
            return OfConstant(data);
        }

        if (depth == 0 || value.Producer is not { } producer)
        {
            return null;
        }

        AffineIndex? Operand(int i) => Of(producer.In(i), depth - 1);
        return producer.Operator switch
        {
            Iota iota => new AffineIndex(iota.Start, [iota.Length.Is(1) ? Dim.Zero : Dim.Of(iota.Step)]),
            Cast when producer.In(0).Type.IsInteger() => Operand(0),
            Expand => Operand(0)?.Padded(value.Shape.Rank),
            Reshape => Operand(0)?.Reshaped(producer.In(0).Shape, value.Shape),
            Transpose transpose when Operand(0) is { } x => x with { Coefficients = Array.ConvertAll(transpose.Permutation, axis => x.Coefficients[axis]) },
            Binary { Kind: BinaryKind.Add } => Sum(Operand(0), Operand(1), 1, value.Shape.Rank),
            Binary { Kind: BinaryKind.Sub } => Sum(Operand(0), Operand(1), -1, value.Shape.Rank),
            Binary { Kind: BinaryKind.Mul } => Product(Operand(0), Operand(1), value.Shape.Rank),
            _ => null,
        };
    }

    private static AffineIndex? OfConstant(TensorData data)
    {
        if (data.Count is 0 or > 1 << 20 || data.Dims.Count(d => d != 1) > 1)
        {
            return null;
        }

        var numbers = Tensor.Of(data).Integers;
        var step = numbers.Length > 1 ? numbers[1] - numbers[0] : 0;
        for (var i = 1; i < numbers.Length; i++)
        {
            if (numbers[i] - numbers[i - 1] != step)
            {
                return null;
            }
        }

        return new AffineIndex(numbers[0], [.. data.Dims.Select(d => Dim.Of(d == 1 ? 0 : step))]);
    }

    private AffineIndex Padded(int rank) => this with { Coefficients = [.. Enumerable.Repeat(Dim.Zero, rank - Coefficients.Length), .. Coefficients] };

    private AffineIndex? Reshaped(Shape from, Shape to)
    {
        if (AxisBlocks.Of(from, to) is not { } blocks)
        {
            return to.All(d => d.Is(1)) || from.Rank == 0 ? new AffineIndex(Offset, [.. to.Select(_ => Dim.Zero)]) : null;
        }

        var result = to.Select(_ => Dim.Zero).ToArray();
        foreach (var block in blocks.Blocks)
        {
            var before = Enumerable.Range(block.From, block.FromCount).Where(axis => !from[axis].Is(1)).ToArray();
            var after = Enumerable.Range(block.To, block.ToCount).Where(axis => !to[axis].Is(1)).ToArray();
            if (before.Length > 1 || after.Length > 1)
            {
                return null;
            }

            if (before.Length == 1)
            {
                result[after[0]] = Coefficients[before[0]];
            }
        }

        return this with { Coefficients = result };
    }

    private static AffineIndex? Sum(AffineIndex? a, AffineIndex? b, long sign, int rank)
    {
        if (a is null || b is null)
        {
            return null;
        }

        var (x, y) = (a.Padded(rank), b.Padded(rank));
        return new AffineIndex(x.Offset + (y.Offset * sign), [.. x.Coefficients.Zip(y.Coefficients, (p, q) => p + (q * sign))]);
    }

    private static AffineIndex? Product(AffineIndex? a, AffineIndex? b, int rank)
    {
        if (a is null || b is null)
        {
            return null;
        }

        var (grid, factor) = b.Coefficients.All(c => c.Is(0)) ? (a.Padded(rank), b.Offset) : (b.Padded(rank), a.Offset);
        return a.Coefficients.All(c => c.Is(0)) || b.Coefficients.All(c => c.Is(0))
            ? new AffineIndex(grid.Offset * factor, Array.ConvertAll(grid.Coefficients, c => c * factor))
            : null;
    }
}
