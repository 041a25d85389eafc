using CompiledBert.Text.Unicode;

namespace CompiledBert.Text.PreTokenization;

/// <summary>Finds what a text is split at, or what is replaced in it.</summary>
internal abstract class Matcher
{
    /// <summary>Adds stretches that cover the text.</summary>
    public abstract void Find(Workspace workspace, ReadOnlySpan<uint> text, MatchList matches);
}

/// <summary>What single characters are matched by.</summary>
internal enum CharacterClass
{
    WhiteSpace,
    Punctuation,
    Numeric,
}

/// <summary>Each character of a class is a match.</summary>
internal sealed class ClassMatcher(CharacterClass kind) : Matcher
{
    public override void Find(Workspace workspace, ReadOnlySpan<uint> text, MatchList matches)
    {
        var last = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (!IsMatch(text[i]))
            {
                continue;
            }

            if (last < i)
            {
                matches.Add(last, i, false);
            }

            matches.Add(i, i + 1, true);
            last = i + 1;
        }

        if (last < text.Length)
        {
            matches.Add(last, text.Length, false);
        }
    }

    private bool IsMatch(uint c)
    {
        var properties = Characters.Of(c);
        return kind switch
        {
            CharacterClass.WhiteSpace => properties.IsWhiteSpace,
            CharacterClass.Punctuation => properties.IsPunctuation,
            _ => properties.IsNumeric,
        };
    }
}

/// <summary>Each occurrence of a text is a match; they do not overlap.</summary>
internal sealed class TextMatcher(uint[] sought) : Matcher
{
    public override void Find(Workspace workspace, ReadOnlySpan<uint> text, MatchList matches)
    {
        var last = 0;
        while (last < text.Length && text[last..].IndexOf(sought) is >= 0 and var found)
        {
            if (found > 0)
            {
                matches.Add(last, last + found, false);
            }

            matches.Add(last + found, last + found + sought.Length, true);
            last += found + sought.Length;
        }

        if (last < text.Length)
        {
            matches.Add(last, text.Length, false);
        }
    }
}

/// <summary>Runs of word characters, and runs of what is neither word nor white space: <c>\w+|[^\w\s]+</c>.</summary>
internal sealed class WordMatcher : Matcher
{
    public override void Find(Workspace workspace, ReadOnlySpan<uint> text, MatchList matches)
    {
        for (var i = 0; i < text.Length;)
        {
            var kind = KindOf(text[i]);
            var start = i;
            while (++i < text.Length && KindOf(text[i]) == kind)
            {
            }

            matches.Add(start, i, kind != 0);
        }
    }

    private static int KindOf(uint c)
    {
        var properties = Characters.Of(c);
        return properties.IsWord ? 1 : properties.IsWhiteSpace ? 0 : 2;
    }
}

/// <summary>GPT-2's words: contractions, letters, numbers, or other characters, each with the blank before it, and white space.</summary>
internal sealed class Gpt2Matcher : Matcher
{
    public override void Find(Workspace workspace, ReadOnlySpan<uint> text, MatchList matches)
    {
        for (var i = 0; i < text.Length;)
        {
            var end = End(text, i);
            matches.Add(i, end, true);
            i = end;
        }
    }

    // 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
    private static int End(ReadOnlySpan<uint> text, int i)
    {
        if (text[i] == '\'' && Contraction(text[(i + 1)..]) is > 0 and var length)
        {
            return i + 1 + length;
        }

        var start = text[i] == ' ' && i + 1 < text.Length && KindOf(text[i + 1]) != 0 ? i + 1 : i;
        var kind = KindOf(text[start]);
        var end = start + 1;
        while (end < text.Length && KindOf(text[end]) == kind)
        {
            end++;
        }

        // Of white space before a word, the last character belongs to the word.
        return kind == 0 && end < text.Length && end - i > 1 ? end - 1 : end;
    }

    private static int Contraction(ReadOnlySpan<uint> rest)
    {
        if (rest.Length == 0)
        {
            return 0;
        }

        var second = rest.Length > 1 ? rest[1] : 0;
        return rest[0] switch
        {
            's' or 't' or 'm' or 'd' => 1,
            'r' or 'v' when second == 'e' => 2,
            'l' when second == 'l' => 2,
            _ => 0,
        };
    }

    private static int KindOf(uint c)
    {
        if (c < 128)
        {
            return (c | 0x20) - 'a' < 26 ? 1 : c - '0' < 10 ? 2 : c == ' ' || c - 9 < 5 ? 0 : 3;
        }

        var properties = Characters.Of(c);
        return properties.IsWhiteSpace ? 0 : properties.Category switch
        {
            >= Category.Lu and <= Category.Lo => 1,
            >= Category.Nd and <= Category.No => 2,
            _ => 3,
        };
    }
}

/// <summary>Each match of a pattern.</summary>
internal sealed class PatternMatcher(Patterns.Pattern pattern) : Matcher
{
    public override void Find(Workspace workspace, ReadOnlySpan<uint> text, MatchList matches)
    {
        var (last, at, lastEmpty) = (0, 0, -1);
        while (at <= text.Length)
        {
            if (!pattern.Match(text, at, workspace.Stack, out var end))
            {
                at++;
                continue;
            }

            // An empty match right behind the last match is not one.
            if (end == at && at == lastEmpty)
            {
                at++;
                continue;
            }

            if (last < at)
            {
                matches.Add(last, at, false);
            }

            matches.Add(at, end, true);
            (last, lastEmpty) = (end, end);
            at = end == at ? at + 1 : end;
        }

        if (last < text.Length)
        {
            matches.Add(last, text.Length, false);
        }
    }
}
