using CompiledBert.Text.Unicode;

namespace CompiledBert.Text.Normalization;

/// <summary>BERT's cleaning: drops controls, turns all white space into blanks.</summary>
internal sealed class CleanStep : NormalizerStep
{
    public override void Apply(Workspace workspace, in Piece piece)
    {
        var (text, output) = (workspace.Text, workspace.Next);
        for (var i = piece.Start; i < piece.End; i++)
        {
            var c = text.Codes[i];
            if (c - ' ' >= 0x5F)
            {
                var properties = Characters.Of(c);
                if (properties.IsDropped)
                {
                    continue;
                }

                c = properties.IsWhiteSpace ? ' ' : c;
            }

            output.Add(c, text.Starts[i], text.Ends[i]);
        }
    }
}

/// <summary>Puts blanks around ideographs, so that each becomes a word.</summary>
internal sealed class IdeographStep : NormalizerStep
{
    public override void Apply(Workspace workspace, in Piece piece)
    {
        var (text, output) = (workspace.Text, workspace.Next);
        for (var i = piece.Start; i < piece.End; i++)
        {
            var (c, start, end) = (text.Codes[i], text.Starts[i], text.Ends[i]);
            if (c < 0x3400 || !IsIdeograph(c))
            {
                output.Add(c, start, end);
                continue;
            }

            output.Add(' ', start, end);
            output.Add(c, start, end);
            output.Add(' ', start, end);
        }
    }

    // The blocks that BERT names; the reference leaves out 2B820 to 2B91F.
    private static bool IsIdeograph(uint c) => c is (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF) or (>= 0x20000 and <= 0x2A6DF)
        or (>= 0x2A700 and <= 0x2B81F) or (>= 0x2B920 and <= 0x2CEAF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x2F800 and <= 0x2FA1F);
}

/// <summary>Drops marks: all of them, or the nonspacing ones only.</summary>
internal sealed class DropMarksStep(bool nonspacingOnly) : NormalizerStep
{
    public override void Apply(Workspace workspace, in Piece piece)
    {
        var (text, output) = (workspace.Text, workspace.Next);
        for (var i = piece.Start; i < piece.End; i++)
        {
            var c = text.Codes[i];
            if (c < 0x300 || !(nonspacingOnly ? Characters.Of(c).IsNonspacing : Characters.Of(c).IsMark))
            {
                output.Add(c, text.Starts[i], text.Ends[i]);
            }
        }
    }
}

/// <summary>Lower case, without regard to language or position.</summary>
internal sealed class LowercaseStep : NormalizerStep
{
    public override void Apply(Workspace workspace, in Piece piece)
    {
        var (text, output) = (workspace.Text, workspace.Next);
        for (var i = piece.Start; i < piece.End; i++)
        {
            var (c, start, end) = (text.Codes[i], text.Starts[i], text.Ends[i]);
            if (c < 128)
            {
                output.Add(c - 'A' < 26 ? c | 0x20 : c, start, end);
            }
            else if (c == 0x130)
            {
                output.Add('i', start, end);
                output.Add(0x307, start, end);
            }
            else
            {
                output.Add(Characters.Of(c).HasLower ? Characters.Lower(c) : c, start, end);
            }
        }
    }
}

/// <summary>SentencePiece's rule for translation models: drops some controls, makes odd white space blanks.</summary>
internal sealed class NmtStep : NormalizerStep
{
    public override void Apply(Workspace workspace, in Piece piece)
    {
        var (text, output) = (workspace.Text, workspace.Next);
        for (var i = piece.Start; i < piece.End; i++)
        {
            var c = text.Codes[i];
            if (c is (>= 1 and <= 8) or 0xB or (>= 0xE and <= 0x1F) or 0x7F or 0x8F or 0x9F)
            {
                continue;
            }

            var isBlank = c is 9 or 0xA or 0xC or 0xD or 0x1680 or (>= 0x200B and <= 0x200F) or 0x2028 or 0x2029 or 0x2581 or 0xFEFF or 0xFFFD;
            output.Add(isBlank ? ' ' : c, text.Starts[i], text.Ends[i]);
        }
    }
}

/// <summary>Takes white space off the ends.</summary>
internal sealed class StripStep(bool left, bool right) : NormalizerStep
{
    public override void Apply(Workspace workspace, in Piece piece)
    {
        var text = workspace.Text;
        var (start, end) = (piece.Start, piece.End);
        while (left && start < end && Characters.Of(text.Codes[start]).IsWhiteSpace)
        {
            start++;
        }

        while (right && end > start && Characters.Of(text.Codes[end - 1]).IsWhiteSpace)
        {
            end--;
        }

        workspace.Next.Append(text, start, end);
    }
}

/// <summary>Puts characters in front, unless there is nothing.</summary>
internal sealed class PrependStep(uint[] content) : NormalizerStep
{
    public override void Apply(Workspace workspace, in Piece piece)
    {
        var (text, output) = (workspace.Text, workspace.Next);
        if (piece.Length == 0)
        {
            return;
        }

        foreach (var c in content)
        {
            output.Add(c, text.Starts[piece.Start], text.Ends[piece.Start]);
        }

        output.Append(text, piece.Start, piece.End);
    }
}

/// <summary>Each byte of UTF-8 as a visible character, the alphabet of byte-level models.</summary>
internal sealed class ByteAlphabetStep : NormalizerStep
{
    private static readonly ushort[] ByteCharacters = Alphabet();

    /// <summary>What stands for a blank.</summary>
    public const uint Blank = 0x120;

    public override void Apply(Workspace workspace, in Piece piece) => Write(workspace, piece);

    public static void Write(Workspace workspace, in Piece piece)
    {
        var (text, output) = (workspace.Text, workspace.Next);
        Span<byte> bytes = stackalloc byte[4];
        for (var i = piece.Start; i < piece.End; i++)
        {
            var (c, start, end) = (text.Codes[i], text.Starts[i], text.Ends[i]);
            if (c < 128)
            {
                output.Add(ByteCharacters[c], start, end);
                continue;
            }

            var count = Utf8.Encode(c, bytes);
            for (var b = 0; b < count; b++)
            {
                output.Add(ByteCharacters[bytes[b]], start, end);
            }
        }
    }

    private static ushort[] Alphabet()
    {
        var characters = new ushort[256];
        ushort next = 256;
        for (var b = 0; b < 256; b++)
        {
            characters[b] = b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or >= 0xAE ? (ushort)b : next++;
        }

        return characters;
    }
}
