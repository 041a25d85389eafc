using CompiledBert.Text.Normalization;

namespace CompiledBert.Text.PreTokenization;

/// <summary>Puts a blank in front of each piece that has none.</summary>
internal sealed class PrefixBlankStep : PreTokenizerStep
{
    private static readonly PrefixStep Prefix = new();

    public override void Apply(Workspace workspace) => Rewrite(workspace, Prefix);

    private sealed class PrefixStep : NormalizerStep
    {
        private static readonly PrependStep Blank = new([' ']);

        public override void Apply(Workspace workspace, in Piece piece)
        {
            if (piece.Length > 0 && workspace.Text.Codes[piece.Start] != ' ')
            {
                Blank.Apply(workspace, piece);
            }
            else
            {
                workspace.Next.Append(workspace.Text, piece.Start, piece.End);
            }
        }
    }
}

/// <summary>Each byte as a visible character.</summary>
internal sealed class ByteLevelStep : PreTokenizerStep
{
    private static readonly ByteAlphabetStep Alphabet = new();

    public override void Apply(Workspace workspace) => Rewrite(workspace, Alphabet);
}

/// <summary>Where SentencePiece puts its mark in front.</summary>
internal enum PrependScheme
{
    First,
    Never,
    Always,
}

/// <summary>Marks blanks with a character of their own, and perhaps the start of the text as if a blank stood there.</summary>
internal sealed class MetaspaceStep(uint mark, PrependScheme scheme) : PreTokenizerStep
{
    private readonly MarkStep _step = new(mark, scheme);

    public override void Apply(Workspace workspace) => Rewrite(workspace, _step);

    private sealed class MarkStep(uint mark, PrependScheme scheme) : NormalizerStep
    {
        public override void Apply(Workspace workspace, in Piece piece)
        {
            if (piece.Length == 0)
            {
                return;
            }

            var (text, output) = (workspace.Text, workspace.Next);
            var first = text.Codes[piece.Start];
            if (first != ' ' && first != mark && (scheme == PrependScheme.Always || (scheme == PrependScheme.First && piece.Origin == 0)))
            {
                output.Add(mark, text.Starts[piece.Start], text.Ends[piece.Start]);
            }

            for (var i = piece.Start; i < piece.End; i++)
            {
                var c = text.Codes[i];
                output.Add(c == ' ' ? mark : c, text.Starts[i], text.Ends[i]);
            }
        }
    }
}

/// <summary>Pieces of a fixed number of characters.</summary>
internal sealed class FixedLengthStep(int length) : PreTokenizerStep
{
    public override void Apply(Workspace workspace)
    {
        var output = workspace.NextPieces;
        output.Clear();
        foreach (ref readonly var piece in workspace.Pieces.Items)
        {
            if (piece.IsToken)
            {
                output.Add(piece);
                continue;
            }

            for (var start = piece.Start; start < piece.End; start += length)
            {
                output.Add(start, Math.Min(piece.End, start + length), workspace.Text.Starts[start]);
            }
        }

        workspace.SwapPieces();
    }
}
