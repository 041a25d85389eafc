using CompiledBert.Text.Blob;

namespace CompiledBert.Text;

/// <summary>From the tokens of texts to what a model takes: how room is shared out, and what stands around.</summary>
internal static class TokenTemplate
{
    /// <summary>How much of each text is kept, as the Hugging Face library shares the room: only the longer is cut, or both to half.</summary>
    public static (int First, int Second) LongestFirst(int first, int second, int room)
    {
        if ((long)first + second <= room)
        {
            return (first, second);
        }

        var shorter = Math.Min(first, second);
        var longer = shorter > room ? shorter : Math.Max(shorter, room - shorter);
        if ((long)shorter + longer > room)
        {
            shorter = room / 2;
            longer = shorter + (room % 2);
        }

        return first > second ? (longer, shorter) : (shorter, longer);
    }

    /// <summary>Puts the special tokens around one text, or two.</summary>
    public static void Fill(TemplatePart[] template, Span<TokenList.Token> first, Span<TokenList.Token> second, TokenizedText result, int untruncated)
    {
        result.Clear();
        foreach (var part in template)
        {
            if (part.Sequence < 0)
            {
                result.Add(part.Id, part.TypeId, default, -1, -1);
                continue;
            }

            foreach (var token in part.Sequence == 0 ? first : second)
            {
                result.Add(token.Id, part.TypeId, new TextRange(token.Start, token.End), token.Word, part.Sequence);
            }
        }

        result.UntruncatedCount = untruncated;
    }
}
