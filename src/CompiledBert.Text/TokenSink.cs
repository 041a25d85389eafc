using CompiledBert.Text.Models;
using CompiledBert.Text.Normalization;
using CompiledBert.Text.Unicode;

namespace CompiledBert.Text;

/// <summary>Collects the tokens of a text with their ranges in it; each thread has one and uses it again.</summary>
internal sealed class TokenSink : ITokenSink
{
    /// <summary>Tokens beyond which the memory is not kept for the next call.</summary>
    private const int KeptTokens = 1 << 18;

    [ThreadStatic]
    private static TokenSink? t_idle;

    private TextBuffer _text = null!;
    private TokenList _list = null!;
    private (int Before, int Behind)[] _blanks = new (int, int)[64];

    /// <summary>Tokens of the first text.</summary>
    public TokenList First { get; } = new();

    /// <summary>Tokens of the second text.</summary>
    public TokenList Second { get; } = new();

    /// <summary>The word that tokens are of.</summary>
    public int Word { get; set; }

    public static TokenSink Rent()
    {
        var sink = t_idle ?? new TokenSink();
        t_idle = null;
        return sink;
    }

    public void Return()
    {
        First.Trim(KeptTokens);
        Second.Trim(KeptTokens);
        if (_blanks.Length > KeptTokens)
        {
            _blanks = new (int, int)[64];
        }

        t_idle = this;
    }

    public void Begin(TextBuffer text, TokenList list) => (_text, _list) = (text, list);

    public void Add(int id, int start, int end, bool isUnknown)
    {
        var i = _list.Count;
        if (i >= _blanks.Length)
        {
            Array.Resize(ref _blanks, 2 * i);
        }

        _blanks[i] = isUnknown ? (0, 0) : Blanks(start, end);
        _list.Add(id, _text.Starts[start], _text.Ends[end - 1], Word);
    }

    /// <summary>Takes blanks off the ranges, as byte-level tokenizers do whose file says so.</summary>
    public void TrimBlanks(ReadOnlySpan<char> text, int first, bool addsPrefixBlank)
    {
        var items = _list.Items;
        for (var i = first; i < items.Length; i++)
        {
            ref var token = ref items[i];
            var (before, behind) = _blanks[i];
            if (before > 0)
            {
                // A single blank at the start is the one that was put there.
                var isAdded = (i == 0 || token.Start == 0) && addsPrefixBlank && before == 1;
                token.Start = isAdded ? token.Start : Math.Min(Skip(text, token.Start, before), token.End);
            }

            if (behind > 0 && token.End >= behind)
            {
                token.End = Math.Max(SkipBack(text, token.End, behind), token.Start);
            }
        }
    }

    private (int Before, int Behind) Blanks(int start, int end)
    {
        var codes = _text.Codes;
        var (first, last) = (start, end);
        while (first < end && IsBlank(codes[first]))
        {
            first++;
        }

        while (last > start && IsBlank(codes[last - 1]))
        {
            last--;
        }

        return (first - start, end - last);
    }

    private static bool IsBlank(uint c) => c == ByteAlphabetStep.Blank || Characters.Of(c).IsWhiteSpace;

    /// <summary>Goes over so many characters, whatever they are.</summary>
    private static int Skip(ReadOnlySpan<char> text, int at, int count)
    {
        for (; count > 0 && at < text.Length; count--)
        {
            at += at + 1 < text.Length && char.IsSurrogatePair(text[at], text[at + 1]) ? 2 : 1;
        }

        return at;
    }

    private static int SkipBack(ReadOnlySpan<char> text, int at, int count)
    {
        for (; count > 0 && at > 0; count--)
        {
            at -= at > 1 && char.IsSurrogatePair(text[at - 2], text[at - 1]) ? 2 : 1;
        }

        return at;
    }
}
