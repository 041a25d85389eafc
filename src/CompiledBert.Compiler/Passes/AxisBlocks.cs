using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Passes;

/// <summary>
/// How a reshape regroups axes: the shortest runs of axes on both sides that hold the same elements.
/// <c>[B,T,H,D] → [B*T,H*D]</c> is <c>(B,T | B*T) (H,D | H*D)</c>.
/// </summary>
internal sealed class AxisBlocks
{
    private AxisBlocks(IReadOnlyList<Block> blocks) => Blocks = blocks;

    /// <summary>One run: axes [From, FromEnd) of the operand and [To, ToEnd) of the result.</summary>
    public readonly record struct Block(int From, int FromEnd, int To, int ToEnd)
    {
        public int FromCount => FromEnd - From;

        public int ToCount => ToEnd - To;
    }

    /// <summary>The runs in order; together they cover all axes.</summary>
    public IReadOnlyList<Block> Blocks { get; }

    /// <summary>Whether each axis of the result is made of whole axes of the operand.</summary>
    public bool OnlyMerges => Blocks.All(b => b.ToCount == 1) && Blocks.Any(b => b.FromCount != 1);

    /// <summary>Whether each axis of the operand becomes whole axes of the result.</summary>
    public bool OnlySplits => Blocks.All(b => b.FromCount == 1) && Blocks.Any(b => b.ToCount != 1);

    /// <summary>The runs of a reshape, or null where there are none but the whole.</summary>
    public static AxisBlocks? Of(Shape from, Shape to)
    {
        var blocks = new List<Block>();
        var (i, j) = (0, 0);
        while (i < from.Rank && j < to.Rank)
        {
            if (Next(from, to, i, j) is not { } block)
            {
                return null;
            }

            blocks.Add(block);
            (i, j) = (block.FromEnd, block.ToEnd);
        }

        // Axes of length 1 at the end belong to the last run.
        if (i < from.Rank || j < to.Rank)
        {
            if (blocks.Count == 0 || from.Skip(i).Concat(to.Skip(j)).Any(d => !d.Is(1)))
            {
                return null;
            }

            blocks[^1] = blocks[^1] with { FromEnd = from.Rank, ToEnd = to.Rank };
        }

        return new AxisBlocks(blocks);
    }

    /// <summary>The run that an axis of the result belongs to.</summary>
    public Block OfResultAxis(int axis) => Blocks.First(b => axis >= b.To && axis < b.ToEnd);

    private static Block? Next(Shape from, Shape to, int i, int j)
    {
        var (m, n) = (from.Rank - i, to.Rank - j);
        for (var total = 2; total <= m + n; total++)
        {
            for (var a = Math.Max(1, total - n); a <= Math.Min(m, total - 1); a++)
            {
                if (Product(from, i, i + a) == Product(to, j, j + total - a))
                {
                    return new Block(i, i + a, j, j + total - a);
                }
            }
        }

        return null;
    }

    private static Dim Product(Shape shape, int start, int end)
    {
        var product = shape[start];
        for (var i = start + 1; i < end; i++)
        {
            product *= shape[i];
        }

        return product;
    }
}
