using System.Globalization;

namespace CompiledBert.Compiler;

/// <summary>One line of a plan's text with the lines indented below it, and a cursor over its words.</summary>
internal sealed class PlanLine
{
    private readonly string _text;
    private readonly List<PlanLine> _children = [];
    private int _position;
    private int _nextChild;

    private PlanLine(string text, int number)
    {
        _text = text;
        Number = number;
    }

    /// <summary>The line's number, counted from 1; 0 for the root.</summary>
    public int Number { get; }

    /// <summary>The lines indented below this one.</summary>
    public IReadOnlyList<PlanLine> Children => _children;

    /// <summary>The whole text as a tree: the root's children are the lines that are not indented. Empty lines are left out.</summary>
    public static PlanLine Read(string text)
    {
        var root = new PlanLine("", 0);
        var open = new List<PlanLine> { root };
        var number = 0;
        foreach (var raw in text.Split('\n'))
        {
            number++;
            var line = raw.TrimEnd('\r');
            var content = line.TrimStart(' ');
            if (content.Length == 0)
            {
                continue;
            }

            var indent = line.Length - content.Length;
            var child = new PlanLine(content, number);
            if (indent % 2 != 0 || indent / 2 > open.Count - 1)
            {
                throw child.Error("the indentation does not fit the line above");
            }

            open.RemoveRange((indent / 2) + 1, open.Count - (indent / 2) - 1);
            open[open.Count - 1]._children.Add(child);
            open.Add(child);
        }

        return root;
    }

    /// <summary>The exception for something wrong in this line.</summary>
    public PlanFormatException Error(string reason) => new(Math.Max(Number, 1), reason);

    /// <summary>Whether all words were taken.</summary>
    public bool AtEnd => _position >= _text.Length;

    /// <summary>The rest of the line, untouched.</summary>
    public string Rest => _text.Substring(Math.Min(_position, _text.Length));

    /// <summary>Takes the next child, which must begin with the keyword.</summary>
    public PlanLine Child(string keyword) =>
        TryChild(keyword) ?? throw (_nextChild < _children.Count
            ? _children[_nextChild].Error($"expected '{keyword}', found '{_children[_nextChild]._text}'")
            : Error($"expected '{keyword}' below this line"));

    /// <summary>Takes the next child if it begins with the keyword.</summary>
    public PlanLine? TryChild(string keyword) =>
        _nextChild < _children.Count && _children[_nextChild].TryKeyword(keyword) ? _children[_nextChild++] : null;

    /// <summary>Fails where children are left that nobody took.</summary>
    public void EndOfChildren()
    {
        if (_nextChild < _children.Count)
        {
            throw _children[_nextChild].Error($"did not expect '{_children[_nextChild]._text}' here");
        }
    }

    /// <summary>Fails where words are left; with <paramref name="leaf"/>, also where lines are indented below.</summary>
    public PlanLine End(bool leaf = true)
    {
        if (!AtEnd)
        {
            throw Error($"did not expect '{Rest}'");
        }

        if (leaf && _children.Count > 0)
        {
            throw _children[0].Error("did not expect an indented line here");
        }

        return this;
    }

    /// <summary>Takes the next word.</summary>
    public string Word()
    {
        var end = _text.IndexOf(' ', Math.Min(_position, _text.Length));
        end = end < 0 ? _text.Length : end;
        var word = _text.Substring(Math.Min(_position, _text.Length), Math.Max(0, end - _position));
        if (word.Length == 0)
        {
            throw Error("a word is missing");
        }

        _position = end + 1;
        return word;
    }

    /// <summary>Takes the next word if it is the keyword.</summary>
    public bool TryKeyword(string keyword)
    {
        if (AtEnd || string.CompareOrdinal(_text, _position, keyword, 0, keyword.Length) != 0)
        {
            return false;
        }

        var end = _position + keyword.Length;
        if (end < _text.Length && _text[end] != ' ')
        {
            return false;
        }

        _position = end + 1;
        return true;
    }

    /// <summary>Takes the next word, which must be the keyword.</summary>
    public void Keyword(string keyword)
    {
        if (!TryKeyword(keyword))
        {
            throw Error($"expected '{keyword}', found '{Rest}'");
        }
    }

    /// <summary>Takes an identifier; with <paramref name="suffix"/>, one that this character ends.</summary>
    public string Identifier(string suffix = "")
    {
        var word = Word();
        if (!word.EndsWith(suffix, StringComparison.Ordinal) || !PlanText.IsIdentifier(word.Substring(0, word.Length - suffix.Length)))
        {
            throw Error($"'{word}' is not a name{(suffix.Length > 0 ? $" followed by '{suffix}'" : "")}");
        }

        return word.Substring(0, word.Length - suffix.Length);
    }

    /// <summary>Takes a string in quotes.</summary>
    public string Quoted()
    {
        if (AtEnd || _text[_position] != '"')
        {
            throw Error($"expected a string in quotes, found '{Rest}'");
        }

        var text = PlanText.Unquote(_text, ref _position) ?? throw Error($"malformed string {Rest}");
        if (_position < _text.Length && _text[_position] != ' ')
        {
            throw Error($"expected a space before '{Rest}'");
        }

        _position++;
        return text;
    }

    /// <summary>Takes an integer of at least <paramref name="least"/>.</summary>
    public long Number64(long least = 0)
    {
        var word = Word();
        return long.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= least
            ? number
            : throw Error(FormattableString.Invariant($"'{word}' is not an integer of at least {least}"));
    }

    /// <summary>Takes an integer of at least <paramref name="least"/> that fits 32 bits.</summary>
    public int Number32(int least = 0) =>
        Number64(least) is var number and <= int.MaxValue ? (int)number : throw Error("the number is too large");

    /// <summary>Takes a dimension.</summary>
    public Dim Dimension() => Dimension(Word());

    /// <summary>Reads a dimension from a part of this line.</summary>
    public Dim Dimension(string text)
    {
        try
        {
            return Dim.Parse(text);
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            throw Error($"'{text}' is not a dimension");
        }
    }

    /// <summary>Takes the name of an enumeration's value.</summary>
    public T Value<T>()
        where T : struct, Enum
    {
        var word = Word();
        return PlanText.Value<T>(word) ?? throw Error($"'{word}' is not one of {string.Join(", ", PlanText.Values<T>().Select(PlanText.Name))}");
    }

    /// <summary>Takes the rest of the line.</summary>
    public string TakeRest()
    {
        var rest = Rest;
        _position = _text.Length;
        return rest;
    }
}
