namespace CompiledBert.Text.Models;

/// <summary>
/// BERT's model: the longest token that a word begins with, then the longest continuation, and so on; a word that cannot be cut so is unknown.
/// </summary>
internal sealed class WordPieceModel : TokenModel
{
    private readonly int _unknown;
    private readonly int _longestWord;
    private readonly uint _continuation;
    private readonly bool _hasContinuations = true;

    public WordPieceModel(Trie trie, int unknown, int longestWord, ReadOnlySpan<uint> prefix)
        : base(trie)
    {
        (_unknown, _longestWord, _continuation) = (unknown, longestWord, trie.Root);
        foreach (var c in prefix)
        {
            _hasContinuations &= Vocabulary.Step(ref _continuation, c);
        }
    }

    public override void Tokenize(Workspace workspace, in Piece piece, ITokenSink sink)
    {
        if (piece.Length > _longestWord)
        {
            sink.Add(_unknown, piece.Start, piece.End, isUnknown: true);
            return;
        }

        // A word of so many characters has no more tokens; they are given only once the whole word is cut.
        var codes = workspace.Text.Codes;
        var found = workspace.Model.Integers(piece.Length * 2);
        var count = 0;
        for (var start = piece.Start; start < piece.End;)
        {
            var (node, id, end) = (start == piece.Start ? Vocabulary.Root : _continuation, -1, start);
            if (start == piece.Start || _hasContinuations)
            {
                for (var i = start; i < piece.End && Vocabulary.Step(ref node, codes[i]); i++)
                {
                    if (Trie.HasValue(node))
                    {
                        (id, end) = (Vocabulary.Value(node), i + 1);
                    }
                }
            }

            if (id < 0)
            {
                sink.Add(_unknown, piece.Start, piece.End, isUnknown: true);
                return;
            }

            (found[count], found[count + 1]) = (id, end);
            count += 2;
            start = end;
        }

        var from = piece.Start;
        for (var i = 0; i < count; i += 2)
        {
            sink.Add(found[i], from, found[i + 1], isUnknown: false);
            from = found[i + 1];
        }
    }
}
