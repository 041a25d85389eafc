namespace CompiledBert.Text;

/// <summary>Two texts to how well they fit: a reranker.</summary>
public sealed class Scorer : TextHead
{
    /// <summary>Called by emitted code.</summary>
    public Scorer(ITokenModel model, HeadOptions options)
        : base(model, options)
    {
    }

    private protected override string Operation => "score";

    /// <summary>The logit of <see cref="Score"/>, which is what most models give, without a sigmoid; greater is better.</summary>
    /// <param name="query">The query.</param>
    /// <param name="document">What may answer it.</param>
    /// <param name="isTruncated">Whether there were too many tokens and the end of the longer text was left out.</param>
    /// <param name="cancellationToken">Asked before each step.</param>
    /// <exception cref="TextTooLongException">There are too many tokens, and <see cref="TextHead.TooLong"/> says that this is an error.</exception>
    public float ScoreLogit(ReadOnlySpan<char> query, ReadOnlySpan<char> document, out bool isTruncated, CancellationToken cancellationToken)
    {
        var output = Run(query, document, out isTruncated, cancellationToken);
        return Options.GivesProbabilities ? Logits.OfIndependent(output) : output;
    }

    /// <summary>How well two texts fit, from 0 to 1: the sigmoid of <see cref="ScoreLogit"/>.</summary>
    /// <param name="query">The query.</param>
    /// <param name="document">What may answer it.</param>
    /// <param name="isTruncated">Whether there were too many tokens and the end of the longer text was left out.</param>
    /// <param name="cancellationToken">Asked before each step.</param>
    /// <exception cref="TextTooLongException">There are too many tokens, and <see cref="TextHead.TooLong"/> says that this is an error.</exception>
    public float Score(ReadOnlySpan<char> query, ReadOnlySpan<char> document, out bool isTruncated, CancellationToken cancellationToken)
    {
        var output = Run(query, document, out isTruncated, cancellationToken);
        return Options.GivesProbabilities ? output : Logits.Sigmoid(output);
    }

    private float Run(ReadOnlySpan<char> query, ReadOnlySpan<char> document, out bool isTruncated, CancellationToken cancellationToken)
    {
        var memory = HeadMemory.Rent();
        try
        {
            Tokenizer.EncodePair(query, document, memory.Text, MaxTokens);
            Check(memory.Text);
            isTruncated = memory.Text.IsTruncated;
            return Run(memory, perToken: false, cancellationToken)[0];
        }
        finally
        {
            memory.Return();
        }
    }
}
