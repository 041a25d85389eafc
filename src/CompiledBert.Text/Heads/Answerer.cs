namespace CompiledBert.Text;

/// <summary>The place in a passage that answers a question.</summary>
/// <param name="Text">Its text.</param>
/// <param name="Probability">
/// The product of the probabilities of its start and its end. What models put on the text's first token, by which they say that nothing here answers,
/// is no part of it: a passage without an answer gives a small one.
/// </param>
/// <param name="Range">Where it lies in the passage, in UTF-16 units.</param>
/// <param name="IsTruncated">Whether the question had too many tokens and its end was left out; of the passage nothing ever is.</param>
public sealed record Answer(string Text, float Probability, TextRange Range, bool IsTruncated)
{
    /// <summary>For people: <c>in 1889 87.1 %</c>.</summary>
    public override string ToString() => FormattableString.Invariant($"{Text} {Probability * 100:0.0} %");
}

/// <summary>Questions and passages to answers; long passages by a sliding window.</summary>
public sealed class Answerer : TextHead
{
    /// <summary>Tokens of an answer at most.</summary>
    private const int LongestAnswer = 15;

    /// <summary>Tokens that two windows share at most.</summary>
    private const int Overlap = 128;

    /// <summary>Called by emitted code.</summary>
    public Answerer(ITokenModel model, HeadOptions options)
        : base(model, options)
    {
    }

    private protected override string Operation => "answer";

    /// <summary>The most probable answer; null where the passage is empty.</summary>
    /// <exception cref="TextTooLongException">The question has too many tokens, and <see cref="TextHead.TooLong"/> says that this is an error.</exception>
    public Answer? Answer(string question, string passage, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(question);
        ArgumentNullException.ThrowIfNull(passage);
        var (memory, sink) = (HeadMemory.Rent(), TokenSink.Rent());
        try
        {
            Tokenizer.TokenizePair(question, passage, sink);
            Answer? best = null;
            for (var from = 0; ;)
            {
                var (held, all, isTruncated) = Tokenizer.Window(sink, from, memory.Text, MaxTokens);
                if (isTruncated && TooLong == TooLong.Throw)
                {
                    throw new TextTooLongException(sink.First.Count, MaxTokens, room: memory.Text.Count - held - Tokenizer.SpecialTokens(pair: true));
                }

                if (held > 0 && Best(memory, passage, isTruncated, cancellationToken) is { } found && found.Probability > (best?.Probability ?? -1))
                {
                    best = found;
                }

                if (held <= 0 || from + held >= all)
                {
                    return best;
                }

                from += Math.Max(1, held - Math.Min(Overlap, held / 2));
            }
        }
        finally
        {
            sink.Return();
            memory.Return();
        }
    }

    private Answer? Best(HeadMemory memory, string passage, bool isTruncated, CancellationToken cancellationToken)
    {
        var text = memory.Text;
        var starts = memory.Output(text.Count);
        var ends = memory.Second(text.Count);
        RunModel([text.Count], text.Ids, text.TypeIds, starts, ends, cancellationToken);
        // A window that has no answer says so by its first token; without that, its best words would outdo another window's answer.
        for (var i = 0; i < text.Count; i++)
        {
            if (text.Texts[i] != 1 && !(i == 0 && text.Texts[i] < 0))
            {
                (starts[i], ends[i]) = Options.GivesProbabilities ? (0, 0) : (float.NegativeInfinity, float.NegativeInfinity);
            }
        }

        Share(starts);
        Share(ends);
        var (best, from, to) = (-1f, 0, 0);
        for (var start = 0; start < text.Count; start++)
        {
            for (var end = start; text.Texts[start] == 1 && end < Math.Min(text.Count, start + LongestAnswer) && text.Texts[end] == 1; end++)
            {
                if (starts[start] * ends[end] > best)
                {
                    (best, from, to) = (starts[start] * ends[end], start, end);
                }
            }
        }

        var range = new TextRange(text.Ranges[from].Start, text.Ranges[to].End);
        return best < 0 ? null : new Answer(range.In(passage).ToString(), best, range, isTruncated);
    }

    /// <summary>Probabilities of the places that are left: those that a model gives itself are shared out anew among them.</summary>
    private void Share(Span<float> places)
    {
        if (Options.GivesProbabilities)
        {
            Logits.Share(places);
        }
        else
        {
            Logits.Softmax(places, places);
        }
    }
}
