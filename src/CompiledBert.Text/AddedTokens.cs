using CompiledBert.Text.Models;
using CompiledBert.Text.Unicode;

namespace CompiledBert.Text;

/// <summary>Tokens that are found in the text before it is split: special ones, and those added to a vocabulary.</summary>
/// <param name="trie">Their contents; the value is the index of the token.</param>
/// <param name="tokens">The tokens.</param>
internal sealed class AddedTokens(Trie trie, AddedTokens.Token[] tokens)
{
    private readonly bool[] _begins = FirstBytes(trie);

    /// <summary>An added token.</summary>
    /// <param name="Id">Its id.</param>
    /// <param name="SingleWord">Found only where no word character touches it.</param>
    /// <param name="StripLeft">Takes the white space before it along.</param>
    /// <param name="StripRight">Takes the white space behind it along.</param>
    internal readonly record struct Token(int Id, bool SingleWord, bool StripLeft, bool StripRight);

    /// <summary>The contents of the tokens, with their ids.</summary>
    public IEnumerable<(string Content, int Id)> Contents => trie.Entries().Select(e => (e.Key, tokens[e.Value].Id));

    public void Split(Workspace workspace)
    {
        var output = workspace.NextPieces;
        output.Clear();
        foreach (ref readonly var piece in workspace.Pieces.Items)
        {
            if (piece.IsToken)
            {
                output.Add(piece);
            }
            else
            {
                Split(workspace.Text, piece, output);
            }
        }

        workspace.SwapPieces();
    }

    private void Split(TextBuffer text, in Piece piece, PieceList output)
    {
        var codes = text.Codes.AsSpan(0, piece.End);
        var done = piece.Start;
        for (var i = piece.Start; i < piece.End;)
        {
            var length = Longest(codes, i, out var index);
            if (length == 0)
            {
                i++;
                continue;
            }

            // What a token strips on its right is looked at again, as the reference does: a token of white space may be found in it a second time.
            var token = tokens[index];
            var (start, end) = (i, i + length);
            i = end;
            if (token.SingleWord && ((start > piece.Start && Characters.Of(codes[start - 1]).IsWord) || (end < piece.End && Characters.Of(codes[end]).IsWord)))
            {
                continue;
            }

            if (token.StripLeft)
            {
                while (start > done && Characters.Of(codes[start - 1]).IsWhiteSpace)
                {
                    start--;
                }

                start = Math.Max(start, done);
            }

            while (token.StripRight && end < piece.End && Characters.Of(codes[end]).IsWhiteSpace)
            {
                end++;
            }

            if (start >= end)
            {
                continue;
            }

            if (done < start)
            {
                output.Add(done, start, text.Starts[done]);
            }

            output.Add(start, end, text.Starts[start], token.Id);
            done = end;
        }

        if (done < piece.End)
        {
            output.Add(done, piece.End, text.Starts[done]);
        }
    }

    private int Longest(ReadOnlySpan<uint> codes, int start, out int index)
    {
        index = -1;
        var first = codes[start];
        if (first < 128 && !_begins[first])
        {
            return 0;
        }

        var node = trie.Root;
        var length = 0;
        for (var i = start; i < codes.Length && trie.Step(ref node, codes[i]); i++)
        {
            if (Trie.HasValue(node))
            {
                index = trie.Value(node);
                length = i + 1 - start;
            }
        }

        return length;
    }

    private static bool[] FirstBytes(Trie trie)
    {
        var begins = new bool[128];
        for (uint c = 0; c < 128; c++)
        {
            var node = trie.Root;
            begins[c] = trie.Step(ref node, c);
        }

        return begins;
    }
}
