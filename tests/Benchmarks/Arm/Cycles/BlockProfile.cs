using System.Globalization;

namespace CompiledBert.Benchmarks.Cycles;

/// <summary>A stretch of instructions without a jump into or out of it, and how often a call runs it.</summary>
/// <param name="Address">Where it lies in the program.</param>
/// <param name="Code">Its instructions, a 32-bit word each.</param>
/// <param name="Runs">How often a call runs it.</param>
internal sealed record Block(ulong Address, IReadOnlyList<uint> Code, double Runs)
{
    /// <summary>Instructions that a call spends in it.</summary>
    public double Instructions => Runs * Code.Count;

    /// <summary>Where what lies behind it begins.</summary>
    public ulong End => Address + (4 * (ulong)Code.Count);
}

/// <summary>Block profiles as the qemu plugin writes them.</summary>
internal static class BlockProfile
{
    /// <summary>What one call runs: the difference of two profiles of the same program, one of which makes a call more.</summary>
    public static IReadOnlyList<Block> Difference(string fewer, string more)
    {
        var before = Read(fewer);
        return
        [
            .. Join([.. Read(more).Select(b => new Block(b.Key.Address, Words(b.Key.Code), b.Value - before.GetValueOrDefault(b.Key))).Where(b => b.Runs > 0)])
                .OrderByDescending(b => b.Instructions)
                .ThenBy(b => b.Address),
        ];
    }

    /// <summary>
    /// Blocks that qemu ended where a page of memory ends, together with what they run into: a loop in two pieces would be counted as two loops.
    /// </summary>
    private static IEnumerable<Block> Join(IReadOnlyList<Block> blocks)
    {
        const ulong Page = 4096;
        var pieces = blocks.Where(b => b.End % Page == 0 && !IsJump(b.Code[^1])).ToList();
        var behind = blocks.Where(b => b.Address % Page == 0).ToDictionary(b => b.Address);
        foreach (var piece in pieces)
        {
            if (behind.GetValueOrDefault(piece.End) is { } next && next.Runs >= piece.Runs)
            {
                behind[piece.End] = next with { Runs = next.Runs - piece.Runs };
                yield return piece with { Code = [.. piece.Code, .. next.Code] };
            }
            else
            {
                yield return piece;
            }
        }

        foreach (var block in blocks.Except(pieces).Select(b => behind.GetValueOrDefault(b.Address, b)).Where(b => b.Runs > 0))
        {
            yield return block;
        }
    }

    // B, BL; B.cond; CBZ, CBNZ, TBZ, TBNZ; BR, BLR, RET.
    private static bool IsJump(uint word) =>
        (word & 0x7C000000) == 0x14000000 || (word & 0xFE000000) == 0x54000000 || (word & 0x7C000000) == 0x34000000 || (word & 0xFE000000) == 0xD6000000;

    private static Dictionary<(ulong Address, string Code), long> Read(string path)
    {
        var runs = new Dictionary<(ulong, string), long>();
        foreach (var fields in File.ReadLines(path).Select(line => line.Split(' ')))
        {
            // A block that was translated twice has two lines.
            var key = (ulong.Parse(fields[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture), fields[2]);
            runs[key] = runs.GetValueOrDefault(key) + long.Parse(fields[0], CultureInfo.InvariantCulture);
        }

        return runs;
    }

    private static uint[] Words(string code) =>
        [.. Convert.FromHexString(code).Chunk(4).Select(word => BitConverter.ToUInt32(word))];
}
