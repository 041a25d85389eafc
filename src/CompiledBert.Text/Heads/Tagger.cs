namespace CompiledBert.Text;

/// <summary>A name, a place or whatever else a model finds in a text.</summary>
/// <param name="Text">Its text.</param>
/// <param name="Type">Its type, such as PER.</param>
/// <param name="Probability">The mean of its words' probabilities.</param>
/// <param name="Range">Where it lies in the original text, in UTF-16 units.</param>
public sealed record Entity(string Text, string Type, float Probability, TextRange Range)
{
    /// <summary>For people: <c>Marie Curie PER 99.1 %</c>.</summary>
    public override string ToString() => FormattableString.Invariant($"{Text} {Type} {Probability * 100:0.0} %");
}

/// <summary>A word with its label.</summary>
/// <param name="Word">The word.</param>
/// <param name="Label">Its label, such as B-PER, or O.</param>
/// <param name="Probability">The label's probability.</param>
public readonly record struct WordTag(string Word, string Label, float Probability)
{
    /// <summary>For people: <c>Marie B-PER 99.1 %</c>.</summary>
    public override string ToString() => FormattableString.Invariant($"{Word} {Label} {Probability * 100:0.0} %");
}

/// <summary>Words to labels. A word has the label of its first token.</summary>
public sealed class Tagger : TextHead
{
    /// <summary>Tokens that two windows share at most.</summary>
    private const int Overlap = 64;

    private readonly TagPlace[] _places;

    /// <summary>Called by emitted code.</summary>
    public Tagger(ITokenModel model, HeadOptions options)
        : base(model, options) => _places = TagPlace.Of(options.Labels);

    private protected override string Operation => "tag";

    /// <summary>The labels, in the model's order.</summary>
    public IReadOnlyList<string> Labels => Options.Labels;

    private protected override bool HasWindows => true;

    /// <summary>The entities of a text, in order.</summary>
    /// <exception cref="TextTooLongException">There are too many tokens, and <see cref="TextHead.TooLong"/> says that this is an error.</exception>
    public Tags<Entity> Tag(string text, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(text);
        var memory = HeadMemory.Rent();
        try
        {
            Tokenizer.Encode(text, memory.Text, TooLong == TooLong.Window ? int.MaxValue : MaxTokens);
            Check(memory.Text);
            var outputs = Outputs(memory, cancellationToken);
            var entities = new EntityList(text);
            Span<float> probabilities = Labels.Count <= 256 ? stackalloc float[Labels.Count] : new float[Labels.Count];
            for (var i = 0; i < memory.Text.Count;)
            {
                if (memory.Text.Texts[i] < 0)
                {
                    i++;
                    continue;
                }

                var (label, probability) = LabelOf(outputs, i, probabilities);
                var (word, range) = (memory.Text.Words[i], memory.Text.Ranges[i]);
                for (i++; i < memory.Text.Count && memory.Text.Words[i] == word && memory.Text.Texts[i] >= 0; i++)
                {
                    range = new TextRange(range.Start, memory.Text.Ranges[i].End);
                }

                entities.Add(_places[label], probability, range);
            }

            return new Tags<Entity>(entities.Finish(), memory.Text.IsTruncated);
        }
        finally
        {
            memory.Return();
        }
    }

    /// <summary>
    /// The labels of words that are split already. Of too many words those beyond have the label O with probability 0; with <see cref="TooLong.Window"/>
    /// none is left out.
    /// </summary>
    /// <exception cref="TextTooLongException">There are too many tokens, and <see cref="TextHead.TooLong"/> says that this is an error.</exception>
    public Tags<WordTag> TagWords(IReadOnlyList<string> words, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(words);
        var all = words as string[] ?? [.. words];
        var tags = new List<WordTag>(all.Length);
        var memory = HeadMemory.Rent();
        try
        {
            var text = memory.Text;
            Tokenizer.EncodeWords(all, text, TooLong == TooLong.Window ? int.MaxValue : MaxTokens);
            Check(text);
            var outputs = Outputs(memory, cancellationToken);
            Span<float> probabilities = Labels.Count <= 256 ? stackalloc float[Labels.Count] : new float[Labels.Count];
            for (var i = 0; i < text.Count; i++)
            {
                if (text.Texts[i] >= 0 && text.Words[i] >= tags.Count)
                {
                    Fill(all, tags, text.Words[i]);
                    var (label, probability) = LabelOf(outputs, i, probabilities);
                    tags.Add(new WordTag(all[tags.Count], Labels[label], probability));
                }
            }

            Fill(all, tags, all.Length);
            return new Tags<WordTag>(tags, text.IsTruncated);
        }
        finally
        {
            memory.Return();
        }
    }

    /// <summary>Labels words that have no token.</summary>
    private static void Fill(string[] words, List<WordTag> tags, int count)
    {
        while (tags.Count < count)
        {
            tags.Add(new WordTag(words[tags.Count], "O", 0));
        }
    }

    /// <summary>
    /// What the model gives for all tokens. Of too many each window gives those in its middle, so that every token is seen with what stands around it.
    /// </summary>
    private ReadOnlySpan<float> Outputs(HeadMemory memory, CancellationToken cancellationToken)
    {
        var text = memory.Text;
        if (text.Count <= MaxTokens)
        {
            return Run(memory, perToken: true, cancellationToken);
        }

        var (windows, width) = (new TextWindows(text, MaxTokens), Labels.Count);
        var (all, room) = (windows.All, windows.Room);
        var overlap = Math.Min(Overlap, room / 2);
        var outputs = memory.Second(text.Count * width);
        for (var done = 0; done < all;)
        {
            var from = Math.Max(0, done - (overlap / 2));
            var held = Math.Min(room, all - from);
            var end = from + held == all ? all : from + held - (overlap - (overlap / 2));
            windows.Take(from, held);
            var count = windows.Ids.Length;
            var window = memory.Output(count * width);
            RunModel([count], windows.Ids, windows.TypeIds, window, default, cancellationToken);
            window.Slice((windows.Before + done - from) * width, (end - done) * width).CopyTo(outputs[((windows.Before + done) * width)..]);
            done = end;
        }

        return outputs;
    }

    private (int Label, float Probability) LabelOf(ReadOnlySpan<float> outputs, int token, Span<float> probabilities)
    {
        ToProbabilities(outputs.Slice(token * Labels.Count, Labels.Count), probabilities);
        var best = IndexOfMost(probabilities);
        return (best, probabilities[best]);
    }
}
