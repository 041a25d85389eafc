using System.Globalization;

namespace CompiledBert.UnicodeTables;

/// <summary>What the files of the Unicode character database say, by code point.</summary>
internal sealed class UnicodeFiles
{
    public const int CodePoints = 0x110000;

    private readonly string _folder;

    public UnicodeFiles(string folder, string additions)
    {
        _folder = folder;
        Array.Fill(Category, "Cn");
        Array.Fill(Age, 99);
        ReadCharacters();
        ReadRanges("DerivedAge.txt", (c, value) => Age[c] = (int)(double.Parse(value, CultureInfo.InvariantCulture) * 10));
        ReadRanges("DerivedCoreProperties.txt", (c, value) => Alphabetic[c] |= value == "Alphabetic");
        ReadRanges("auxiliary/GraphemeBreakProperty.txt", (c, value) => GraphemeBreak[c] = value);
        ReadRanges("emoji/emoji-data.txt", (c, value) => Pictographic[c] |= value == "Extended_Pictographic");
        ReadRanges("CompositionExclusions.txt", (c, _) => Excluded[c] = true);
        ReadAdditions(additions);
    }

    public string[] Category { get; } = new string[CodePoints];

    /// <summary>Ten times the version that brought the character: 81 is 8.1.</summary>
    public int[] Age { get; } = new int[CodePoints];

    public byte[] CombiningClass { get; } = new byte[CodePoints];

    public bool[] Alphabetic { get; } = new bool[CodePoints];

    public bool[] Pictographic { get; } = new bool[CodePoints];

    public bool[] Excluded { get; } = new bool[CodePoints];

    public string?[] GraphemeBreak { get; } = new string?[CodePoints];

    public SortedDictionary<int, int> Lower { get; } = [];

    /// <summary>The decomposition field: code points, and whether it is a compatibility one.</summary>
    public SortedDictionary<int, (int[] To, bool IsCompatibility)> Decomposition { get; } = [];

    private void ReadCharacters()
    {
        var first = -1;
        foreach (var line in File.ReadLines(Path.Combine(_folder, "UnicodeData.txt")))
        {
            var fields = line.Split(';');
            var code = Hex(fields[0]);
            if (fields[1].EndsWith("First>", StringComparison.Ordinal))
            {
                first = code;
                continue;
            }

            for (var c = fields[1].EndsWith("Last>", StringComparison.Ordinal) ? first : code; c <= code; c++)
            {
                Category[c] = fields[2];
            }

            CombiningClass[code] = byte.Parse(fields[3], CultureInfo.InvariantCulture);
            if (fields[5].Length > 0)
            {
                var parts = fields[5].Split(' ');
                var compatible = parts[0][0] == '<';
                Decomposition[code] = ([.. parts.Skip(compatible ? 1 : 0).Select(Hex)], compatible);
            }

            if (fields[13].Length > 0)
            {
                Lower[code] = Hex(fields[13]);
            }
        }
    }

    private void ReadRanges(string file, Action<int, string> take)
    {
        foreach (var line in File.ReadLines(Path.Combine(_folder, file)))
        {
            var fields = line.Split('#')[0].Split(';', StringSplitOptions.TrimEntries);
            if (fields[0].Length == 0)
            {
                continue;
            }

            var (from, to) = Range(fields[0]);
            for (var c = from; c <= to; c++)
            {
                take(c, fields.Length > 1 ? fields[1] : "");
            }
        }
    }

    private void ReadAdditions(string path)
    {
        foreach (var line in File.ReadLines(path).Where(l => l.Length > 0 && l[0] != '#'))
        {
            var fields = line.Split(';');
            var (from, to) = Range(fields[0]);
            for (var c = from; c <= to; c++)
            {
                Category[c] = fields[1];
                Age[c] = 10 * int.Parse(fields[2], CultureInfo.InvariantCulture);
                Alphabetic[c] = fields[1][0] == 'L';
                GraphemeBreak[c] = fields[1] == "Mn" ? "Extend" : fields[1] == "Mc" ? "SpacingMark" : null;
            }

            if (fields[3].Length > 0)
            {
                Lower[from] = Hex(fields[3]);
            }
        }
    }

    private static (int From, int To) Range(string text) =>
        text.Split("..") is [var from, var to] ? (Hex(from), Hex(to)) : (Hex(text), Hex(text));

    private static int Hex(string text) => int.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
