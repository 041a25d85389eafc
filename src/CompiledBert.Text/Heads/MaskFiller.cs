namespace CompiledBert.Text;

/// <summary>A token with its probability.</summary>
/// <param name="Token">The token as the vocabulary has it, such as <c>##ing</c>.</param>
/// <param name="Id">Its id.</param>
/// <param name="Probability">Its probability.</param>
public readonly record struct TokenScore(string Token, int Id, float Probability)
{
    /// <summary>For people: <c>movie 41.2 %</c>.</summary>
    public override string ToString() => FormattableString.Invariant($"{Token} {Probability * 100:0.0} %");
}

/// <summary>Texts with masked places to the tokens that may stand there.</summary>
public sealed class MaskFiller : TextHead
{
    /// <summary>Called by emitted code.</summary>
    public MaskFiller(ITokenModel model, HeadOptions options)
        : base(model, options)
    {
    }

    private protected override string Operation => "fill";

    /// <summary>The mask token, as texts have to spell it.</summary>
    public string MaskToken => Tokenizer.TokenOf(Options.MaskId);

    /// <summary>The most probable tokens for each masked place, in order; those beyond the limit of tokens are left out.</summary>
    /// <param name="text">The text, with <see cref="MaskToken"/> in it.</param>
    /// <param name="count">How many tokens for each place.</param>
    /// <param name="isTruncated">Whether there were too many tokens and the end was left out.</param>
    /// <param name="cancellationToken">Asked before each step.</param>
    /// <exception cref="ArgumentOutOfRangeException">The count is less than 1.</exception>
    /// <exception cref="TextTooLongException">There are too many tokens, and <see cref="TextHead.TooLong"/> says that this is an error.</exception>
    public IReadOnlyList<IReadOnlyList<TokenScore>> FillMask(ReadOnlySpan<char> text, int count, out bool isTruncated, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        var memory = HeadMemory.Rent();
        try
        {
            Tokenizer.Encode(memory.With(Options.Prefix, text), memory.Text, MaxTokens);
            Check(memory.Text);
            isTruncated = memory.Text.IsTruncated;
            var places = new List<IReadOnlyList<TokenScore>>();
            if (memory.Text.Ids.Contains(Options.MaskId))
            {
                var output = Run(memory, perToken: true, cancellationToken);
                for (var i = 0; i < memory.Text.Count; i++)
                {
                    if (memory.Text.Ids[i] == Options.MaskId)
                    {
                        places.Add(Most(output.Slice(i * Options.Width, Options.Width), count));
                    }
                }
            }

            return places;
        }
        finally
        {
            memory.Return();
        }
    }

    private TokenScore[] Most(ReadOnlySpan<float> output, int count)
    {
        var probabilities = new float[output.Length];
        ToProbabilities(output, probabilities);
        var ids = Enumerable.Range(0, probabilities.Length).ToArray();
        return [.. ids.OrderByDescending(id => probabilities[id]).Take(count).Select(id => new TokenScore(Tokenizer.TokenOf(id), id, probabilities[id]))];
    }
}
