namespace CompiledBert.Text.Models;

/// <summary>Each word is a token, or unknown.</summary>
internal sealed class WordLevelModel(Trie trie, int unknown) : TokenModel(trie)
{
    public override void Tokenize(Workspace workspace, in Piece piece, ITokenSink sink)
    {
        var trie = Vocabulary;
        var node = trie.Root;
        var i = piece.Start;
        while (i < piece.End && trie.Step(ref node, workspace.Text.Codes[i]))
        {
            i++;
        }

        var isKnown = i == piece.End && Trie.HasValue(node);
        sink.Add(isKnown ? trie.Value(node) : unknown, piece.Start, piece.End, !isKnown);
    }
}
