using CompiledBert.Text.Unicode;

namespace CompiledBert.Text.Normalization;

/// <summary>
/// SentencePiece's compiled character map: a double array over UTF-8 whose values point into a list of replacements that end with zero. Looked up a
/// grapheme cluster at a time where it is shorter than six bytes, else a character at a time, the shortest key that matches winning, as the reference does.
/// </summary>
internal sealed unsafe class CharacterMapStep(uint* units, int unitCount, byte* replacements, int replacementBytes) : NormalizerStep
{
    private const int LongestCluster = 5;

    public override void Apply(Workspace workspace, in Piece piece)
    {
        var result = workspace.Rewriting;
        result.Clear();
        var codes = workspace.Text.Codes.AsSpan(piece.Start, piece.Length);
        for (var i = 0; i < codes.Length;)
        {
            var end = codes[i] < 128 && (i + 1 == codes.Length || codes[i + 1] < 128) && codes[i] != '\r' ? i + 1 : Graphemes.End(codes, i);
            if (!Replace(codes[i..end], result))
            {
                for (; i < end; i++)
                {
                    if (!Replace(codes.Slice(i, 1), result))
                    {
                        result.Add(codes[i], 0);
                    }
                }
            }

            i = end;
        }

        result.WriteTo(workspace.Next, workspace.Text, piece);
    }

    private bool Replace(ReadOnlySpan<uint> part, Rewriting result)
    {
        Span<byte> bytes = stackalloc byte[LongestCluster + 4];
        var count = 0;
        foreach (var c in part)
        {
            count += Utf8.Encode(c, bytes[count..]);
            if (count > LongestCluster)
            {
                return false;
            }
        }

        var at = Find(bytes[..count]);
        if (at < 0)
        {
            return false;
        }

        var added = 0;
        while (at < replacementBytes && replacements[at] != 0)
        {
            var status = System.Text.Rune.DecodeFromUtf8(new ReadOnlySpan<byte>(replacements + at, replacementBytes - at), out var rune, out var used);
            result.Add((uint)(status == System.Buffers.OperationStatus.Done ? rune.Value : 0xFFFD), 0);
            at += used;
            added++;
        }

        var longer = added - part.Length;
        var changes = result.Changes;
        for (var i = 0; i < longer; i++)
        {
            changes[^(i + 1)] = 1;
        }

        if (longer < 0 && changes.Length > 0)
        {
            changes[^1] += longer;
        }

        return true;
    }

    private int Find(ReadOnlySpan<byte> key)
    {
        var at = Offset(units[0]);
        foreach (var b in key)
        {
            if (b == 0)
            {
                return -1;
            }

            at ^= b;
            if (at >= (uint)unitCount || (units[at] & 0x800000FF) != b)
            {
                return -1;
            }

            var unit = units[at];
            at ^= Offset(unit);
            if ((unit & 0x100) != 0)
            {
                return at < (uint)unitCount ? (int)(units[at] & 0x7FFFFFFF) : -1;
            }
        }

        return -1;
    }

    private static uint Offset(uint unit) => (unit >> 10) << (int)((unit & 0x200) >> 6);
}
