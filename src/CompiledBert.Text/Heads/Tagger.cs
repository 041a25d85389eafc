namespace CompiledBert.Text;

/// <summary>A name, a place or whatever else a model finds in a text.</summary>
/// <param name="Text">Its text.</param>
/// <param name="Type">Its type, such as PER.</param>
/// <param name="Probability">The mean of its words' probabilities.</param>
/// <param name="Range">Where it lies in the original text, in UTF-16 units.</param>
public sealed record Entity(string Text, string Type, float Probability, TextRange Range);

/// <summary>A word with its label.</summary>
/// <param name="Word">The word.</param>
/// <param name="Label">Its label, such as B-PER, or O.</param>
/// <param name="Probability">The label's probability.</param>
public readonly record struct WordTag(string Word, string Label, float Probability);

/// <summary>Words to labels. A word has the label of its first token.</summary>
public sealed class Tagger : TextHead
{
    /// <summary>Called by emitted code.</summary>
    public Tagger(ITokenModel model, HeadOptions options)
        : base(model, options)
    {
    }

    /// <summary>The labels, in the model's order.</summary>
    public IReadOnlyList<string> Labels => Options.Labels;

    private protected override bool HasWindows => true;

    /// <summary>The entities of a text, in order.</summary>
    /// <exception cref="TextTooLongException">There are too many tokens, and <see cref="TextHead.TooLong"/> says that this is an error.</exception>
    public IReadOnlyList<Entity> Tag(string text, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(text);
        var memory = HeadMemory.Rent();
        try
        {
            Tokenizer.Encode(text, memory.Text, MaxTokens);
            Check(memory.Text);
            var logits = Run(memory, perToken: true, cancellationToken);
            var entities = new EntityList(text);
            Span<float> probabilities = Labels.Count <= 256 ? stackalloc float[Labels.Count] : new float[Labels.Count];
            for (var i = 0; i < memory.Text.Count;)
            {
                if (memory.Text.Texts[i] < 0)
                {
                    i++;
                    continue;
                }

                var (label, probability) = LabelOf(logits, i, probabilities);
                var (word, range) = (memory.Text.Words[i], memory.Text.Ranges[i]);
                for (i++; i < memory.Text.Count && memory.Text.Words[i] == word && memory.Text.Texts[i] >= 0; i++)
                {
                    range = new TextRange(range.Start, memory.Text.Ranges[i].End);
                }

                entities.Add(label, probability, range);
            }

            return entities.Finish();
        }
        finally
        {
            memory.Return();
        }
    }

    /// <summary>
    /// The labels of words that are split already. Of too many words those beyond have the label O with probability 0; with <see cref="TooLong.Window"/>
    /// they are tagged in groups, none left out.
    /// </summary>
    /// <exception cref="TextTooLongException">There are too many tokens, and <see cref="TextHead.TooLong"/> says that this is an error.</exception>
    public IReadOnlyList<WordTag> TagWords(IReadOnlyList<string> words, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(words);
        var tags = new List<WordTag>(words.Count);
        var all = words as string[] ?? [.. words];
        TagGroup(all, tags, cancellationToken);
        while (TooLong == TooLong.Window && tags.Count < all.Length)
        {
            var before = tags.Count;
            TagGroup(all, tags, cancellationToken);
            Fill(all, tags, Math.Max(tags.Count, before + 1));
        }

        Fill(all, tags, all.Length);
        return tags;
    }

    /// <summary>Labels words that have no token.</summary>
    private static void Fill(string[] words, List<WordTag> tags, int count)
    {
        while (tags.Count < count)
        {
            tags.Add(new WordTag(words[tags.Count], "O", 0));
        }
    }

    private void TagGroup(string[] words, List<WordTag> tags, CancellationToken cancellationToken)
    {
        var memory = HeadMemory.Rent();
        try
        {
            var first = tags.Count;
            var text = memory.Text;
            Tokenizer.EncodeWords(words.AsSpan(first), text, MaxTokens);
            Check(text);

            // The last word of a group may lack tokens: it begins the next one, unless it is the only one.
            var last = LastWord(text);
            var end = TooLong == TooLong.Window && text.IsTruncated && last > 0 ? last : words.Length;
            var logits = Run(memory, perToken: true, cancellationToken);
            Span<float> probabilities = Labels.Count <= 256 ? stackalloc float[Labels.Count] : new float[Labels.Count];
            for (var i = 0; i < text.Count; i++)
            {
                var word = text.Words[i];
                if (text.Texts[i] >= 0 && word >= tags.Count - first && word < end)
                {
                    Fill(words, tags, first + word);
                    var (label, probability) = LabelOf(logits, i, probabilities);
                    tags.Add(new WordTag(words[tags.Count], label, probability));
                }
            }
        }
        finally
        {
            memory.Return();
        }
    }

    private static int LastWord(TokenizedText text)
    {
        for (var i = text.Count - 1; i >= 0; i--)
        {
            if (text.Texts[i] >= 0)
            {
                return text.Words[i];
            }
        }

        return 0;
    }

    private (string Label, float Probability) LabelOf(ReadOnlySpan<float> logits, int token, Span<float> probabilities)
    {
        Softmax(logits.Slice(token * Labels.Count, Labels.Count), probabilities);
        var best = IndexOfMost(probabilities);
        return (Labels[best], probabilities[best]);
    }

    /// <summary>Joins words to entities: B- begins one, I- goes on with one of its type or else begins one.</summary>
    private sealed class EntityList(string text)
    {
        private readonly List<Entity> _entities = [];
        private string? _type;
        private TextRange _range;
        private float _sum;
        private int _words;

        public void Add(string label, float probability, TextRange range)
        {
            var hasPrefix = label.Length > 2 && label[1] == '-' && (label[0] is 'B' or 'I');
            var type = label == "O" ? null : hasPrefix ? label[2..] : label;
            if (type is not null && type == _type && !(hasPrefix && label[0] == 'B'))
            {
                (_range, _sum, _words) = (new TextRange(_range.Start, range.End), _sum + probability, _words + 1);
                return;
            }

            Close();
            (_type, _range, _sum, _words) = (type, range, probability, 1);
        }

        public List<Entity> Finish()
        {
            Close();
            return _entities;
        }

        private void Close()
        {
            if (_type is not null)
            {
                _entities.Add(new Entity(_range.In(text).ToString(), _type, _sum / _words, _range));
                _type = null;
            }
        }
    }
}
