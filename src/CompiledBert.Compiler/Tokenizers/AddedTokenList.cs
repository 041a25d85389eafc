namespace CompiledBert.Compiler.Tokenizers;

/// <summary>
/// The added tokens of a file, with the ids that the Hugging Face library gives them: the model's where it has the token, else the next free one.
/// </summary>
internal sealed class AddedTokenList
{
    private AddedTokenList(IReadOnlyList<Token> tokens) => Tokens = tokens;

    public IReadOnlyList<Token> Tokens { get; }

    /// <summary>An added token.</summary>
    internal sealed record Token(string Content, int Id, bool SingleWord, bool StripLeft, bool StripRight, bool IsNormalized, bool IsSpecial);

    public static AddedTokenList Read(JsonPart part, Vocabulary vocabulary)
    {
        var tokens = new List<Token>();
        var size = vocabulary.Size;
        var next = size;
        foreach (var item in part.IsNull ? [] : part.Items())
        {
            var content = item["content"].Text();
            if (content.Length == 0)
            {
                continue;
            }

            var known = tokens.FindIndex(t => t.Content == content);
            var id = known >= 0 ? tokens[known].Id : vocabulary.Find(content) ?? next++;
            var token = new Token(
                content, id, item["single_word"].Flag(false), item["lstrip"].Flag(false), item["rstrip"].Flag(false),
                item["normalized"].Flag(true), item["special"].Flag(false));
            if (known >= 0)
            {
                tokens[known] = token;
            }
            else
            {
                tokens.Add(token);
            }
        }

        return new AddedTokenList(tokens);
    }

    public static void Write(BlobWriter blob, IReadOnlyList<(string Content, Token Token)> tokens, JsonPart file)
    {
        blob.Flag(tokens.Count > 0);
        if (tokens.Count == 0)
        {
            return;
        }

        // Of tokens that normalization makes equal the first one is found.
        Vocabulary.WriteTrie(blob, tokens.Select((t, i) => (t.Content, i)).DistinctBy(t => t.Content), file["added_tokens"]);
        blob.Number(tokens.Count);
        foreach (var (_, token) in tokens)
        {
            blob.Number(token.Id);
            blob.Flag(token.SingleWord);
            blob.Flag(token.StripLeft);
            blob.Flag(token.StripRight);
        }
    }
}
