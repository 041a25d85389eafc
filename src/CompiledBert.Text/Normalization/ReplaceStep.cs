using CompiledBert.Text.PreTokenization;

namespace CompiledBert.Text.Normalization;

/// <summary>Puts other characters in the place of each match; they have the range of the last character of the match.</summary>
internal sealed class ReplaceStep(Matcher matcher, uint[] content) : NormalizerStep
{
    public override void Apply(Workspace workspace, in Piece piece)
    {
        var (text, output, matches) = (workspace.Text, workspace.Next, workspace.Matches);
        matches.Clear();
        matcher.Find(workspace, text.Codes.AsSpan(piece.Start, piece.Length), matches);
        for (var i = 0; i < matches.Count; i++)
        {
            var (from, to, isMatch) = matches[i];
            if (!isMatch)
            {
                output.Append(text, piece.Start + from, piece.Start + to);
                continue;
            }

            var last = piece.Start + to - 1;
            foreach (var c in content)
            {
                output.Add(c, to == 0 ? piece.Origin : text.Starts[last], to == 0 ? piece.Origin : text.Ends[last]);
            }
        }
    }
}
