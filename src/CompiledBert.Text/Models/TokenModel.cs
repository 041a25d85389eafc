namespace CompiledBert.Text.Models;

/// <summary>Cuts a word into tokens of the vocabulary.</summary>
internal abstract class TokenModel(Trie vocabulary)
{
    /// <summary>The tokens; the value of each is its id.</summary>
    public Trie Vocabulary { get; } = vocabulary;

    /// <summary>Adds the tokens of a piece, each with the characters of the workspace's text that it stands for.</summary>
    public abstract void Tokenize(Workspace workspace, in Piece piece, ITokenSink sink);
}

/// <summary>Takes tokens, each a range of characters of the current text.</summary>
internal interface ITokenSink
{
    /// <summary>Takes a token.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="start">The first character.</param>
    /// <param name="end">The character behind it.</param>
    /// <param name="isUnknown">Whether it stands for what the vocabulary does not have.</param>
    void Add(int id, int start, int end, bool isUnknown);
}
