using CompiledBert.Text.Unicode;

namespace CompiledBert.Text.Models;

/// <summary>SentencePiece's unigram model: of all ways to cut the text, the one whose tokens' scores add up to most.</summary>
/// <param name="trie">The vocabulary.</param>
/// <param name="scores">A score for each id.</param>
/// <param name="unknown">Id of the unknown token; -1 where there is none.</param>
/// <param name="unknownScore">The score of an unknown character.</param>
/// <param name="byteIds">The ids of the tokens of bytes; null without a byte fallback.</param>
internal sealed class UnigramModel(Trie trie, ScoreTable scores, int unknown, double unknownScore, int[]? byteIds) : TokenModel(trie)
{
    private const int Nowhere = -1;

    public override void Tokenize(Workspace workspace, in Piece piece, ITokenSink sink)
    {
        var codes = workspace.Text.Codes.AsSpan(piece.Start, piece.Length);
        var length = codes.Length;
        var best = workspace.Model.Scores(length + 1);
        var memory = workspace.Model.Integers(3 * (length + 1));
        var from = memory[..(length + 1)];
        var ids = memory.Slice(length + 1, length + 1);
        var path = memory.Slice(2 * (length + 1), length + 1);
        FindBest(codes, best, from, ids);

        var count = 0;
        for (var end = length; end > 0; end = from[end])
        {
            path[count++] = end;
        }

        var start = 0;
        for (var i = count - 1; i >= 0; i--)
        {
            var end = path[i];
            if (ids[end] != unknown)
            {
                sink.Add(ids[end], piece.Start + start, piece.Start + end, isUnknown: false);
                start = end;
                continue;
            }

            while (i > 0 && ids[path[i - 1]] == unknown)
            {
                end = path[--i];
            }

            EmitUnknown(codes[start..end], piece.Start + start, sink);
            start = end;
        }
    }

    private void FindBest(ReadOnlySpan<uint> codes, Span<double> best, Span<int> from, Span<int> ids)
    {
        from.Fill(Nowhere);
        best[0] = 0;
        for (var start = 0; start < codes.Length; start++)
        {
            var here = best[start];
            var hasSingle = false;
            var trie = Vocabulary;
            var node = trie.Root;
            for (var end = start; end < codes.Length && trie.Step(ref node, codes[end]); end++)
            {
                if (!Trie.HasValue(node))
                {
                    continue;
                }

                var id = trie.Value(node);
                hasSingle |= end == start;
                Take(end + 1, scores[id] + here, id, best, from, ids, start);
            }

            if (!hasSingle)
            {
                Take(start + 1, unknownScore + here, unknown, best, from, ids, start);
            }
        }
    }

    private static void Take(int end, double score, int id, Span<double> best, Span<int> from, Span<int> ids, int start)
    {
        if (from[end] == Nowhere || score > best[end])
        {
            (best[end], from[end], ids[end]) = (score, start, id);
        }
    }

    /// <summary>Neighbouring unknown characters are one token, which the vocabulary may have after all.</summary>
    private void EmitUnknown(ReadOnlySpan<uint> codes, int start, ITokenSink sink)
    {
        var trie = Vocabulary;
        var node = trie.Root;
        var i = 0;
        while (i < codes.Length && trie.Step(ref node, codes[i]))
        {
            i++;
        }

        if (i == codes.Length && Trie.HasValue(node))
        {
            sink.Add(trie.Value(node), start, start + codes.Length, isUnknown: false);
        }
        else if (byteIds is null || !EmitBytes(codes, start, byteIds, sink))
        {
            // What is unknown keeps its characters, so that blanks are taken off its range.
            sink.Add(unknown, start, start + codes.Length, isUnknown: false);
        }
    }

    private static bool EmitBytes(ReadOnlySpan<uint> codes, int start, int[] ids, ITokenSink sink)
    {
        Span<byte> bytes = stackalloc byte[4];
        foreach (var c in codes)
        {
            for (var i = Utf8.Encode(c, bytes) - 1; i >= 0; i--)
            {
                if (ids[bytes[i]] < 0)
                {
                    return false;
                }
            }
        }

        foreach (var c in codes)
        {
            var length = Utf8.Encode(c, bytes);
            for (var i = 0; i < length; i++)
            {
                sink.Add(ids[bytes[i]], start, start + codes.Length, isUnknown: false);
            }
        }

        return true;
    }
}
