namespace CompiledBert.UnicodeTables;

/// <summary>
/// Turns the database into the tables that <c>CompiledBert.Text.Unicode.Characters</c> reads: properties in two stages,
/// decompositions, compositions, lower case.
/// </summary>
internal sealed class TableBuilder(UnicodeFiles files)
{
    private const int Block = 256;

    private static readonly string[] Categories =
        ["Cn", "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc",
            "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Co", "Cs"];

    private static readonly string[] Breaks =
        ["", "CR", "LF", "Control", "Extend", "ZWJ", "Regional_Indicator", "Prepend", "SpacingMark", "L", "V", "T", "LV", "LVT"];

    /// <summary>Categories that changed after the version that a property stands still at.</summary>
    private static readonly HashSet<int> FormerPunctuation = [0x166D, 0x111C9], FormerNonspacing = [0x1734],
        FormerMarks = [0x1CF2, 0x1CF3], LaterMarks = [0x111C9];

    public void Write(Stream output)
    {
        var palette = new Dictionary<uint, ushort>();
        var blocks = new Dictionary<string, ushort>();
        var stage1 = new List<ushort>();
        var stage2 = new List<ushort>();
        for (var start = 0; start < UnicodeFiles.CodePoints; start += Block)
        {
            var block = Enumerable.Range(start, Block).Select(c => Index(palette, Properties(c))).ToArray();
            var key = string.Join(',', block);
            if (!blocks.TryGetValue(key, out var index))
            {
                blocks[key] = index = (ushort)blocks.Count;
                stage2.AddRange(block);
            }

            stage1.Add(index);
        }

        var pool = new List<uint>();
        var decompositions = files.Decomposition.Where(d => files.Age[d.Key] <= 90)
            .SelectMany(d => new[] { (uint)d.Key, Place(pool, Full(d.Key, false)), Place(pool, Full(d.Key, true)) }).ToArray();
        var compositions = files.Decomposition
            .Where(d => !d.Value.IsCompatibility && d.Value.To.Length == 2 && files.Age[d.Key] <= 90 && !files.Excluded[d.Key]
                && files.CombiningClass[d.Value.To[0]] == 0 && files.CombiningClass[d.Key] == 0)
            .OrderBy(d => d.Value.To[0]).ThenBy(d => d.Value.To[1])
            .SelectMany(d => new[] { (uint)d.Value.To[0], (uint)d.Value.To[1], (uint)d.Key }).ToArray();
        var lower = files.Lower.SelectMany(l => new[] { (uint)l.Key, (uint)l.Value }).ToArray();

        using var writer = new BinaryWriter(output, System.Text.Encoding.UTF8, leaveOpen: true);
        uint[][] tables = [Halves(stage1), Halves(stage2), [.. palette.Keys], decompositions, [.. pool], compositions, lower];
        writer.Write("CBUNI001"u8);
        foreach (var table in tables)
        {
            writer.Write(table.Length);
        }

        foreach (var table in tables)
        {
            foreach (var value in table)
            {
                writer.Write(value);
            }
        }
    }

    private uint Properties(int c)
    {
        var category = files.Category[c];
        var age = files.Age[c];
        var known = age <= 160 ? category : "Cn";
        var bits = (uint)Array.IndexOf(Categories, known) | (uint)(age <= 90 ? files.CombiningClass[c] : 0) << 5
            | (uint)Math.Max(0, Array.IndexOf(Breaks, files.GraphemeBreak[c] ?? "")) << 13;
        bool[] flags =
        [
            category is "Zs" or "Zl" or "Zp" || c is >= 9 and <= 13 or 0x85,
            (category is "Cc" or "Cf" or "Co" && age <= 80 && c is not ('\t' or '\n' or '\r')) || c is 0 or 0xFFFD,
            (category[0] == 'P' && age <= 80) || FormerPunctuation.Contains(c) || (c < 128 && category[0] == 'S'),
            (category == "Mn" && age <= 80) || FormerNonspacing.Contains(c),
            (category[0] == 'M' && age <= 90 && !LaterMarks.Contains(c)) || FormerMarks.Contains(c),
            category[0] == 'N',
            files.Alphabetic[c] && age <= 160 || known[0] == 'M' || known is "Nd" or "Pc" || c is 0x200C or 0x200D,
            files.Lower.ContainsKey(c),
            files.Decomposition.ContainsKey(c) && age <= 90 && (Full(c, false).Length > 1 || Full(c, false)[0] != c),
            files.Decomposition.ContainsKey(c) && age <= 90,
            files.Pictographic[c],
        ];
        for (var i = 0; i < flags.Length; i++)
        {
            bits |= flags[i] ? 1u << (17 + i) : 0;
        }

        return bits;
    }

    private int[] Full(int c, bool compatible) =>
        files.Decomposition.TryGetValue(c, out var d) && (compatible || !d.IsCompatibility) && files.Age[c] <= 90
            ? [.. d.To.SelectMany(t => Full(t, compatible))]
            : [c];

    private static uint Place(List<uint> pool, int[] codes)
    {
        var start = pool.Count;
        pool.AddRange(codes.Select(c => (uint)c));
        return (uint)(start << 8 | codes.Length);
    }

    private static ushort Index(Dictionary<uint, ushort> palette, uint value)
    {
        if (!palette.TryGetValue(value, out var index))
        {
            palette[value] = index = (ushort)palette.Count;
        }

        return index;
    }

    private static uint[] Halves(List<ushort> values) => [.. values.Chunk(2).Select(p => p[0] | (uint)(p.Length > 1 ? p[1] : 0) << 16)];
}
