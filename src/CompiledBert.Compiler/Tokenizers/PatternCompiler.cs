using System.Globalization;
using System.Text;
using CompiledBert.Text.Patterns;

namespace CompiledBert.Compiler.Tokenizers;

/// <summary>
/// A regular expression, in the dialect of Oniguruma that the Hugging Face tokenizers use, to the program that <see cref="Pattern"/> runs. What is not
/// known is refused.
/// </summary>
internal sealed class PatternCompiler
{
    private const int MostRepeats = 1000;

    private readonly JsonPart _place;
    private readonly int[] _text;
    private readonly PatternProgram _program = new();
    private int _next;
    private bool _ignoreCase;

    private PatternCompiler(JsonPart place)
    {
        _place = place;
        _text = [.. place.Text().EnumerateRunes().Select(r => r.Value)];
    }

    /// <summary>The program of a pattern.</summary>
    /// <param name="place">The pattern.</param>
    /// <param name="replaces">Whether matches are replaced: such a pattern may not match nothing, for which the reference has no rule that holds.</param>
    public static int[] Compile(JsonPart place, bool replaces = false)
    {
        var compiler = new PatternCompiler(place);
        compiler.Alternatives();
        if (compiler._next < compiler._text.Length)
        {
            throw compiler.Malformed("has a ) too many");
        }

        if (replaces && compiler._program.CanBeEmpty(0))
        {
            throw compiler.Unsupported("a match of nothing, to be replaced");
        }

        compiler._program.Emit(PatternOp.Match);
        return compiler._program.ToArray();
    }

    private int? Peek(int ahead = 0) => _next + ahead < _text.Length ? _text[_next + ahead] : null;

    private bool Take(char c)
    {
        if (Peek() != c)
        {
            return false;
        }

        _next++;
        return true;
    }

    private bool Take(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (Peek(i) != text[i])
            {
                return false;
            }
        }

        _next += text.Length;
        return true;
    }

    private int TakeAny() => _next < _text.Length ? _text[_next++] : throw Malformed("ends too early");

    private void Alternatives()
    {
        var ignoreCase = _ignoreCase;
        var start = _program.Count;
        var jumps = new List<int>();

        // Elsewhere than in front it would take the alternatives behind it into a group of their own.
        _ignoreCase |= Take("(?i)");
        Sequence();
        while (Take('|'))
        {
            // The alternative so far moves back to make room for the choice in front of it.
            jumps.Add(_program.Else(start));
            start = _program.Count;
            Sequence();
        }

        jumps.ForEach(_program.Land);
        _ignoreCase = ignoreCase;
    }

    private void Sequence()
    {
        while (Peek() is { } c && c is not ('|' or ')'))
        {
            var start = _program.Count;
            Atom();
            Quantifiers(start);
        }
    }

    private void Atom()
    {
        var c = TakeAny();
        switch (c)
        {
            case '(':
                Group();
                break;
            case '[':
                EmitSet(Class());
                break;
            case '.':
                EmitSet(new CharacterSet { IsNegated = true }.Add('\n', '\n'));
                break;
            case '^':
                _program.Emit(PatternOp.LineStart);
                break;
            case '$':
                _program.Emit(PatternOp.LineEnd);
                break;
            case '\\':
                Escape();
                break;
            case '*' or '+' or '?':
                throw Malformed("repeats nothing");
            default:
                Character(c);
                break;
        }
    }

    private void Group()
    {
        if (!Take('?'))
        {
            Closed(Alternatives);
            return;
        }

        if (Take(':'))
        {
            Closed(Alternatives);
        }
        else if (Take("i:"))
        {
            var before = _ignoreCase;
            _ignoreCase = true;
            Closed(Alternatives);
            _ignoreCase = before;
        }
        else if (Take('>'))
        {
            Apart(PatternOp.Atomic);
        }
        else if (Take('='))
        {
            Apart(PatternOp.Ahead);
        }
        else if (Take('!'))
        {
            Apart(PatternOp.NotAhead);
        }
        else if (Take("<="))
        {
            Apart(PatternOp.Behind);
        }
        else if (Take("<!"))
        {
            Apart(PatternOp.NotBehind);
        }
        else
        {
            throw Unsupported("a group (?" + (Peek() is { } c ? new Rune(c).ToString() : ""));
        }
    }

    private void Closed(Action body)
    {
        body();
        if (!Take(')'))
        {
            throw Malformed("lacks a )");
        }
    }

    private void Apart(PatternOp op)
    {
        var at = _program.Emit(op);
        Closed(Alternatives);
        var length = op is PatternOp.Behind or PatternOp.NotBehind
            ? _program.FixedLength(at + 3) ?? throw Unsupported("a look back at what may be of different lengths")
            : 0;
        _program.Emit(PatternOp.Match);
        _program.Land(at, length);
    }

    private void Quantifiers(int start)
    {
        while (true)
        {
            var (least, most) = Peek() switch
            {
                '*' => (0, int.MaxValue),
                '+' => (1, int.MaxValue),
                '?' => (0, 1),
                '{' when Bounds() is { } bounds => bounds,
                _ => (-1, -1),
            };
            if (least < 0)
            {
                return;
            }

            var isBrace = _text[_next] == '{';
            _next = isBrace ? Array.IndexOf(_text, '}', _next) + 1 : _next + 1;
            var isLazy = Take('?');
            var isPossessive = !isLazy && !isBrace && Take('+');
            if (most == int.MaxValue && _program.CanBeEmpty(start))
            {
                throw Unsupported("a repetition of what may be empty");
            }

            _program.Repeat(start, least, most, isLazy, isPossessive);
        }
    }

    private (int Least, int Most)? Bounds()
    {
        var end = Array.IndexOf(_text, '}', _next);
        if (end < 0)
        {
            return null;
        }

        var text = string.Concat(_text[(_next + 1)..end].Select(c => new Rune(c).ToString()));
        var parts = text.Split(',');
        if (parts.Length > 2 || text.Any(c => c != ',' && !char.IsAsciiDigit(c)) || text.Trim(',').Length == 0)
        {
            return null;
        }

        var least = parts[0].Length == 0 ? 0 : int.Parse(parts[0], CultureInfo.InvariantCulture);
        var most = parts.Length == 1 ? least : parts[1].Length == 0 ? int.MaxValue : int.Parse(parts[1], CultureInfo.InvariantCulture);
        return least <= most && (most == int.MaxValue ? least : most) <= MostRepeats ? (least, most) : throw Unsupported("a repetition {" + text + "}");
    }

    private void Escape()
    {
        var c = TakeAny();
        switch (c)
        {
            case 'A':
                _program.Emit(PatternOp.TextStart);
                break;
            case 'z':
                _program.Emit(PatternOp.TextEnd);
                break;
            case 'b' or 'B':
                _program.Emit(PatternOp.WordBoundary, c == 'B' ? 1 : 0);
                break;
            default:
                if (CharacterSet.OfEscape(c, Braced, isAlone: true) is { } set)
                {
                    EmitSet(set);
                }
                else
                {
                    Character(Literal(c));
                }

                break;
        }
    }

    /// <summary>The text in braces that follows.</summary>
    private string Braced()
    {
        var end = Peek() == '{' ? Array.IndexOf(_text, '}', _next) : -1;
        if (end < 0)
        {
            throw Malformed("lacks a name in braces");
        }

        var name = string.Concat(_text[(_next + 1)..end].Select(r => new Rune(r).ToString()));
        _next = end + 1;
        return name;
    }

    private int Literal(int c)
    {
        switch (c)
        {
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 't':
                return '\t';
            case 'f':
                return '\f';
            case 'v':
                return '\v';
            case 'a':
                return '\a';
            case 'e':
                return 0x1B;
            case 'x' when Peek() == '{':
                return Hex(Braced());
            case 'x':
                return Digits(2);
            case 'u':
                return Digits(4);
            case >= '0' and <= '9' or >= 'a' and <= 'z' or >= 'A' and <= 'Z':
                throw Unsupported("\\" + (char)c);
            default:
                return c;
        }
    }

    private int Digits(int count)
    {
        if (_next + count > _text.Length)
        {
            throw Malformed("ends too early");
        }

        _next += count;
        return Hex(string.Concat(_text[(_next - count).._next].Select(r => new Rune(r).ToString())));
    }

    private int Hex(string text) =>
        int.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) && value <= 0x10FFFF
            ? value
            : throw Malformed("has no hexadecimal number where one should be");

    private void Character(int c)
    {
        if (_ignoreCase && CharacterSet.IsCased(c))
        {
            EmitSet(new CharacterSet().Add(c, c));
            return;
        }

        _program.Emit(PatternOp.Character, c);
    }

    private void EmitSet(CharacterSet set)
    {
        var written = _ignoreCase ? set.IgnoringCase() ?? throw Unsupported("letters beyond ASCII without regard to case") : set;
        _program.Emit(written);
    }

    private CharacterSet Class()
    {
        var set = new CharacterSet { IsNegated = Take('^') };
        var first = true;
        while (first || Peek() != ']')
        {
            first = false;
            var c = TakeAny();
            if (c == '[' && Peek() != ':' && Class() is { IsNegated: false } inner)
            {
                set.Add(inner);
                continue;
            }

            if (c == '[' || (c == '&' && Peek() == '&'))
            {
                throw Unsupported("a class within a class that is more than its part");
            }

            if (c == '\\')
            {
                c = TakeAny();
                if (CharacterSet.OfEscape(c, Braced, isAlone: false) is { } part)
                {
                    set.Add(part);
                    continue;
                }

                c = c == 'b' ? '\b' : Literal(c);
            }

            var last = c;
            if (Peek() == '-' && Peek(1) is not (null or ']'))
            {
                _next++;
                last = TakeAny();
                last = last == '\\' ? Literal(TakeAny()) : last;
                if (last < c)
                {
                    throw Malformed("has an empty range");
                }
            }

            set.Add(c, last);
        }

        _next++;
        return set;
    }

    private CompileException Malformed(string reason) => _place.Invalid("is no regular expression: it " + reason);

    private CompileException Unsupported(string what) => _place.Unsupported("'" + _place.Text() + "' with " + what);
}
