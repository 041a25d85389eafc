namespace CompiledBert.Text.PreTokenization;

/// <summary>What becomes of the matches that a text is split at.</summary>
internal enum SplitBehavior
{
    Removed,
    Isolated,
    MergedWithPrevious,
    MergedWithNext,
    Contiguous,
}

/// <summary>One step from text to words.</summary>
internal abstract class PreTokenizerStep
{
    /// <summary>Splits or rewrites all pieces that are not tokens yet.</summary>
    public abstract void Apply(Workspace workspace);

    /// <summary>Lets a normalizer's step write each piece.</summary>
    protected static void Rewrite(Workspace workspace, Normalization.NormalizerStep step) => Pipeline.Rewrite(workspace, step);
}

/// <summary>Splits at matches.</summary>
internal sealed class SplitStep(Matcher matcher, SplitBehavior behavior, bool invert) : PreTokenizerStep
{
    public override void Apply(Workspace workspace)
    {
        var (output, matches) = (workspace.NextPieces, workspace.Matches);
        output.Clear();
        foreach (ref readonly var piece in workspace.Pieces.Items)
        {
            if (piece.IsToken)
            {
                output.Add(piece);
                continue;
            }

            matches.Clear();
            matcher.Find(workspace, workspace.Text.Codes.AsSpan(piece.Start, piece.Length), matches);
            Merge(matches);
            for (var i = 0; i < matches.Count; i++)
            {
                var (start, end, isRemoved) = matches[i];
                if (!isRemoved && end > start)
                {
                    output.Add(piece.Start + start, piece.Start + end, workspace.Text.Starts[piece.Start + start]);
                }
            }
        }

        workspace.SwapPieces();
    }

    /// <summary>Joins stretches as the behavior says; afterwards the flag says which are dropped.</summary>
    private void Merge(MatchList matches)
    {
        var count = 0;
        var previous = false;
        switch (behavior)
        {
            case SplitBehavior.MergedWithNext:
                MergeWithNext(matches);
                return;
            default:
                for (var i = 0; i < matches.Count; i++)
                {
                    var (start, end, flag) = matches[i];
                    var isMatch = flag != invert;
                    var joins = behavior switch
                    {
                        SplitBehavior.Contiguous => isMatch == previous,
                        SplitBehavior.MergedWithPrevious => isMatch && !previous,
                        _ => false,
                    };
                    previous = isMatch;
                    if (joins && count > 0)
                    {
                        matches[count - 1].End = end;
                        continue;
                    }

                    matches[count++] = (start, end, isMatch && behavior == SplitBehavior.Removed);
                }

                matches.Truncate(count);
                return;
        }
    }

    private void MergeWithNext(MatchList matches)
    {
        // From the end, since a match joins what follows it.
        var first = matches.Count;
        var previous = false;
        for (var i = matches.Count - 1; i >= 0; i--)
        {
            var (start, end, flag) = matches[i];
            var isMatch = flag != invert;
            if (isMatch && !previous && first < matches.Count)
            {
                matches[first].Start = start;
            }
            else
            {
                matches[--first] = (start, end, false);
            }

            previous = isMatch;
        }

        var count = matches.Count - first;
        for (var i = 0; i < count; i++)
        {
            matches[i] = matches[first + i];
        }

        matches.Truncate(count);
    }
}
