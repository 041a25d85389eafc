using CompiledBert.Text.Unicode;

namespace CompiledBert.Text.Normalization;

/// <summary>The four normal forms: decomposes, puts marks in order, and perhaps composes again.</summary>
internal sealed class UnicodeFormStep(bool compatible, bool compose) : NormalizerStep
{
    public override void Apply(Workspace workspace, in Piece piece)
    {
        var text = workspace.Text;
        if (IsPlain(text.Codes.AsSpan(piece.Start, piece.Length)))
        {
            workspace.Next.Append(text, piece.Start, piece.End);
            return;
        }

        var result = workspace.Rewriting;
        result.Clear();
        Decompose(text, piece, result);
        if (compose)
        {
            Compose(result);
        }

        result.WriteTo(workspace.Next, text, piece);
    }

    /// <summary>Below U+00A0 nothing decomposes, and what lies below does not compose with its like.</summary>
    private static bool IsPlain(ReadOnlySpan<uint> codes)
    {
        foreach (var c in codes)
        {
            if (c >= 0xA0)
            {
                return false;
            }
        }

        return true;
    }

    private void Decompose(TextBuffer text, in Piece piece, Rewriting result)
    {
        var pending = 0;
        for (var i = piece.Start; i < piece.End; i++)
        {
            var c = text.Codes[i];
            if (c - Hangul.FirstSyllable < Hangul.Syllables)
            {
                var syllable = c - Hangul.FirstSyllable;
                Push(result, Hangul.FirstLeading + (syllable / (Hangul.Vowels * Hangul.Trailings)), 0, ref pending);
                Push(result, Hangul.FirstVowel + (syllable / Hangul.Trailings % Hangul.Vowels), 1, ref pending);
                if (syllable % Hangul.Trailings != 0)
                {
                    Push(result, Hangul.BeforeTrailing + (syllable % Hangul.Trailings), 1, ref pending);
                }

                continue;
            }

            var properties = Characters.Of(c);
            if (!(compatible ? properties.HasCompatible : properties.HasCanonical))
            {
                Push(result, c, 0, ref pending, properties.CombiningClass);
                continue;
            }

            var change = 0;
            foreach (var part in Characters.Decomposition(c, compatible))
            {
                Push(result, part, change, ref pending, Characters.Of(part).CombiningClass);
                change = 1;
            }
        }

        Sort(result, pending);
    }

    private static void Push(Rewriting result, uint c, int change, ref int pending, int combiningClass = 0)
    {
        if (combiningClass == 0)
        {
            Sort(result, pending);
            result.Add(c, change);
            pending = result.Count;
            return;
        }

        result.Add(c, change, combiningClass);
    }

    /// <summary>Sorts what follows <paramref name="start"/> by combining class; equal ones keep their order.</summary>
    private static void Sort(Rewriting result, int start)
    {
        var codes = result.Codes;
        var changes = result.Changes;
        var classes = result.Classes;
        for (var i = start + 1; i < codes.Length; i++)
        {
            var (code, change, combining) = (codes[i], changes[i], classes[i]);
            var j = i;
            for (; j > start && classes[j - 1] > combining; j--)
            {
                (codes[j], changes[j], classes[j]) = (codes[j - 1], changes[j - 1], classes[j - 1]);
            }

            (codes[j], changes[j], classes[j]) = (code, change, combining);
        }
    }

    /// <summary>Composes in place: the composed character stands where its starter stood, what is blocked follows it.</summary>
    private static void Compose(Rewriting result)
    {
        var codes = result.Codes;
        var changes = result.Changes;
        var classes = result.Classes;
        var (count, starter, last) = (0, -1, -1);
        for (var i = 0; i < codes.Length; i++)
        {
            var (code, change, combining) = (codes[i], changes[i], classes[i]);
            if (starter >= 0 && last < combining && Characters.Compose(codes[starter], code) is not 0 and var composed)
            {
                codes[starter] = composed;
                changes[starter] += change - 1;
                continue;
            }

            if (combining == 0)
            {
                (starter, last) = (count, -1);
            }
            else if (starter >= 0)
            {
                last = combining;
            }

            (codes[count], changes[count], classes[count]) = (code, change, combining);
            count++;
        }

        result.Truncate(count);
    }
}
