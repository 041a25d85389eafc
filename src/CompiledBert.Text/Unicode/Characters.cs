using System.Runtime.CompilerServices;

namespace CompiledBert.Text.Unicode;

/// <summary>
/// Properties of characters from the product's own tables, so that ids are the same whatever the system's globalization does. The tables are read in
/// place from this assembly; <c>tools/UnicodeTables</c> writes them and says which version of Unicode each property has.
/// </summary>
internal static unsafe class Characters
{
    public const uint Replacement = 0xFFFD;

    private const int Tables = 7;

    // Kept: the pointers below point into it.
    private static readonly UnmanagedMemoryStream Resource =
        (UnmanagedMemoryStream)typeof(Characters).Assembly.GetManifestResourceStream("unicode.bin")!;

    private static readonly ushort* Blocks = (ushort*)Table(0);
    private static readonly ushort* Indices = (ushort*)Table(1);
    private static readonly uint* Palette = Table(2);
    private static readonly uint* Decompositions = Table(3);
    private static readonly int DecompositionCount = Length(3) / 3;
    private static readonly uint* Pool = Table(4);
    private static readonly uint* Compositions = Table(5);
    private static readonly int CompositionCount = Length(5) / 3;
    private static readonly uint* LowerCase = Table(6);
    private static readonly int LowerCaseCount = Length(6) / 2;

    /// <summary>All properties of a code point.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Properties Of(uint c) => new(Palette[Indices[(Blocks[c >> 8] << 8) | (int)(c & 0xFF)]]);

    /// <summary>The full canonical or compatibility decomposition; empty where there is none.</summary>
    public static ReadOnlySpan<uint> Decomposition(uint c, bool compatible)
    {
        var at = Find(Decompositions, DecompositionCount, 3, c);
        if (at is null)
        {
            return default;
        }

        var place = at[compatible ? 2 : 1];
        return new ReadOnlySpan<uint>(Pool + (place >> 8), (int)(place & 0xFF));
    }

    /// <summary>The character that two compose to; 0 for none. Hangul is arithmetic.</summary>
    public static uint Compose(uint first, uint second)
    {
        if (first - Hangul.FirstLeading < Hangul.Leadings && second - Hangul.FirstVowel < Hangul.Vowels)
        {
            return Hangul.FirstSyllable + ((((first - Hangul.FirstLeading) * Hangul.Vowels) + (second - Hangul.FirstVowel)) * Hangul.Trailings);
        }

        if (first - Hangul.FirstSyllable < Hangul.Syllables && (first - Hangul.FirstSyllable) % Hangul.Trailings == 0
            && second - (Hangul.BeforeTrailing + 1) < Hangul.Trailings - 1)
        {
            return first + (second - Hangul.BeforeTrailing);
        }

        var at = Find(Compositions, CompositionCount, 3, first, second);
        return at is null ? 0 : at[2];
    }

    /// <summary>The lower case of a character that has one, except U+0130, whose lower case is two characters.</summary>
    public static uint Lower(uint c)
    {
        var at = Find(LowerCase, LowerCaseCount, 2, c);
        return at is null ? c : at[1];
    }

    private static uint* Find(uint* rows, int count, int width, uint first, uint? second = null)
    {
        var (low, high) = (0, count - 1);
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            var row = rows + ((long)middle * width);
            var order = row[0].CompareTo(first);
            if (order == 0 && second is { } other)
            {
                order = row[1].CompareTo(other);
            }

            if (order == 0)
            {
                return row;
            }

            (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
        }

        return null;
    }

    private static int Length(int table) => ((int*)(Resource.PositionPointer + 8))[table];

    private static uint* Table(int index)
    {
        var table = (uint*)(Resource.PositionPointer + 8 + (Tables * sizeof(int)));
        for (var i = 0; i < index; i++)
        {
            table += Length(i);
        }

        return table;
    }
}
