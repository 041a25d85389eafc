namespace CompiledBert.Text.Unicode;

/// <summary>Extended grapheme clusters (Unicode Standard Annex 29).</summary>
internal static class Graphemes
{
    /// <summary>The end of the cluster that begins at a position.</summary>
    public static int End(ReadOnlySpan<uint> text, int start)
    {
        var before = Characters.Of(text[start]);
        var isPictograph = before.IsPictographic;
        var isJoined = false;
        var indicators = before.Break == GraphemeBreak.RegionalIndicator ? 1 : 0;
        for (var i = start + 1; i < text.Length; i++)
        {
            var after = Characters.Of(text[i]);
            if (IsBoundary(before.Break, after.Break, isJoined && after.IsPictographic, indicators))
            {
                return i;
            }

            // A pictograph, extenders and a joiner: the next pictograph belongs to it.
            isJoined = isPictograph && after.Break == GraphemeBreak.Joiner;
            isPictograph = after.IsPictographic || (isPictograph && after.Break is GraphemeBreak.Extend or GraphemeBreak.Joiner);
            indicators = after.Break == GraphemeBreak.RegionalIndicator ? indicators + 1 : 0;
            before = after;
        }

        return text.Length;
    }

    private static bool IsBoundary(GraphemeBreak before, GraphemeBreak after, bool joinsPictographs, int indicators)
    {
        if (before == GraphemeBreak.CR && after == GraphemeBreak.LF)
        {
            return false;
        }

        if (before is GraphemeBreak.Control or GraphemeBreak.CR or GraphemeBreak.LF || after is GraphemeBreak.Control or GraphemeBreak.CR or GraphemeBreak.LF)
        {
            return true;
        }

        return !(joinsPictographs
            || after is GraphemeBreak.Extend or GraphemeBreak.Joiner or GraphemeBreak.SpacingMark
            || before == GraphemeBreak.Prepend
            || (before == GraphemeBreak.L && after is GraphemeBreak.L or GraphemeBreak.V or GraphemeBreak.LV or GraphemeBreak.LVT)
            || (before is GraphemeBreak.LV or GraphemeBreak.V && after is GraphemeBreak.V or GraphemeBreak.T)
            || (before is GraphemeBreak.LVT or GraphemeBreak.T && after == GraphemeBreak.T)
            || (before == GraphemeBreak.RegionalIndicator && after == GraphemeBreak.RegionalIndicator && indicators % 2 == 1));
    }
}
