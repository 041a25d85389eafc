using CompiledBert.Text.Patterns;
using CompiledBert.Text.Unicode;

namespace CompiledBert.Compiler.Tokenizers;

/// <summary>A set of characters in a pattern: ranges, categories, and what <c>\s</c> and <c>\w</c> mean.</summary>
internal sealed class CharacterSet
{
    private readonly List<(int First, int Last)> _ranges = [];
    private SetFlags _flags;
    private uint _categories;

    /// <summary>Whether it is what it does not have.</summary>
    public bool IsNegated { get; init; }

    public CharacterSet Add(int first, int last)
    {
        _ranges.Add((first, last));
        return this;
    }

    public void Add(CharacterSet other)
    {
        _ranges.AddRange(other._ranges);
        _flags |= other._flags;
        _categories |= other._categories;
    }

    /// <summary>The set that an escape stands for; null where it stands for a character.</summary>
    /// <param name="c">What follows the backslash.</param>
    /// <param name="name">Reads a name in braces.</param>
    /// <param name="isAlone">Whether it stands outside a class, where <c>\w</c> has the superscripts and fractions of Latin-1 too.</param>
    public static CharacterSet? OfEscape(int c, Func<string> name, bool isAlone) => c switch
    {
        's' => new CharacterSet { _flags = SetFlags.WhiteSpace },
        'S' => new CharacterSet { _flags = SetFlags.NotWhiteSpace },
        'w' or 'W' when isAlone => new CharacterSet { IsNegated = c == 'W', _flags = SetFlags.Word }.Add(0xB2, 0xB3).Add(0xB9, 0xB9).Add(0xBC, 0xBE),
        'w' => new CharacterSet { _flags = SetFlags.Word },
        'W' => new CharacterSet { _flags = SetFlags.NotWord },
        'd' => new CharacterSet { _categories = Bit(Category.Nd) },
        'D' => new CharacterSet { _categories = ~Bit(Category.Nd) },
        'p' => OfCategory(name(), isNegated: false),
        'P' => OfCategory(name(), isNegated: true),
        _ => null,
    };

    /// <summary>Whether a character has another case, as far as is known here.</summary>
    public static bool IsCased(int c) => char.IsAsciiLetter((char)Math.Min(c, 0x7F)) || c >= 128;

    /// <summary>The set with both cases of its letters; null where that is not known.</summary>
    public CharacterSet? IgnoringCase()
    {
        var set = new CharacterSet { IsNegated = IsNegated };
        set.Add(this);
        foreach (var (first, last) in _ranges)
        {
            if (last >= 128 && !(first == last && (Characters.Of((uint)first).Category is < Category.Lu or > Category.Lt)))
            {
                return null;
            }

            for (var c = Math.Max(first, 'A'); c <= Math.Min(last, 'z'); c++)
            {
                if (char.IsAsciiLetter((char)c))
                {
                    set.Add(c ^ 0x20, c ^ 0x20);

                    // The long s and the Kelvin sign.
                    if ((c | 0x20) is 's' or 'k')
                    {
                        var other = (c | 0x20) == 's' ? 0x17F : 0x212A;
                        set.Add(other, other);
                    }
                }
            }
        }

        return set;
    }

    public void Write(List<int> program)
    {
        program.Add((int)(_flags | (IsNegated ? SetFlags.Negated : SetFlags.None)));
        program.Add((int)_categories);
        program.Add(_ranges.Count);
        foreach (var (first, last) in _ranges)
        {
            program.Add(first);
            program.Add(last);
        }
    }

    private static uint Bit(Category category) => 1u << (int)category;

    private static CharacterSet? OfCategory(string name, bool isNegated)
    {
        var inner = name.StartsWith('^') ? name[1..] : name;
        uint bits = 0;
        foreach (var category in Enum.GetValues<Category>())
        {
            var text = category == Category.Unassigned ? "Cn" : category.ToString();
            bits |= text == inner || (inner.Length == 1 && text[0] == inner[0])
                || (inner == "Letter" && text[0] == 'L') || (inner == "Number" && text[0] == 'N')
                ? Bit(category)
                : 0;
        }

        return bits == 0 ? null : new CharacterSet { _categories = isNegated != name.StartsWith('^') ? ~bits : bits };
    }
}
