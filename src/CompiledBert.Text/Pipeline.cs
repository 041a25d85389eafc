using CompiledBert.Text.Normalization;
using CompiledBert.Text.PreTokenization;

namespace CompiledBert.Text;

/// <summary>From text to words: added tokens are found, the rest is normalized and split.</summary>
internal sealed class Pipeline(AddedTokens? raw, NormalizerStep[] normalizers, AddedTokens? normalized, PreTokenizerStep[] preTokenizers)
{
    /// <summary>The added tokens, with their ids.</summary>
    public IEnumerable<(string Content, int Id)> AddedTokens => (raw?.Contents ?? []).Concat(normalized?.Contents ?? []);

    public void Run(Workspace workspace, ReadOnlySpan<char> text)
    {
        workspace.Text.Decode(text);
        workspace.Pieces.Clear();
        if (workspace.Text.Count == 0)
        {
            return;
        }

        workspace.Pieces.Add(0, workspace.Text.Count, 0);
        raw?.Split(workspace);
        foreach (var step in normalizers)
        {
            Rewrite(workspace, step);
        }

        Place(workspace);
        normalized?.Split(workspace);
        foreach (var step in preTokenizers)
        {
            step.Apply(workspace);
        }
    }

    /// <summary>Only normalizes; the compiler prepares added tokens so.</summary>
    public void Normalize(Workspace workspace, ReadOnlySpan<char> text)
    {
        workspace.Text.Decode(text);
        workspace.Pieces.Clear();
        workspace.Pieces.Add(0, workspace.Text.Count, 0);
        foreach (var step in normalizers)
        {
            Rewrite(workspace, step);
        }
    }

    /// <summary>Lets a step write each piece that is no token; tokens are copied.</summary>
    public static void Rewrite(Workspace workspace, NormalizerStep step)
    {
        var output = workspace.Next;
        output.Clear();
        foreach (ref var piece in workspace.Pieces.Items)
        {
            var start = output.Count;
            if (piece.IsToken)
            {
                output.Append(workspace.Text, piece.Start, piece.End);
            }
            else
            {
                step.Apply(workspace, piece);
            }

            (piece.Start, piece.End) = (start, output.Count);
        }

        workspace.SwapText();
    }

    /// <summary>Drops what normalization left empty; the rest begins in the text where its first character comes from.</summary>
    private static void Place(Workspace workspace)
    {
        workspace.NextPieces.Clear();
        foreach (ref readonly var piece in workspace.Pieces.Items)
        {
            if (piece.Length > 0)
            {
                workspace.NextPieces.Add(piece.Start, piece.End, workspace.Text.Starts[piece.Start], piece.TokenId);
            }
        }

        workspace.SwapPieces();
    }
}
