namespace CompiledBert.Text;

/// <summary>What a model takes a text for.</summary>
/// <param name="Label">The most probable label.</param>
/// <param name="Probability">Its probability.</param>
/// <param name="Scores">All labels with their probabilities, in the model's order.</param>
/// <param name="Logits">What the model gave, in that order; where it gave probabilities, their logarithms, or log-odds of labels that are independent.</param>
/// <param name="IsTruncated">Whether the text had too many tokens and the end was left out.</param>
public sealed record Classification(string Label, float Probability, IReadOnlyList<LabelScore> Scores, IReadOnlyList<float> Logits, bool IsTruncated)
{
    /// <summary>For people: <c>positive 73.0 % (negative 27.0 %)</c>, the most probable label first, five labels at most.</summary>
    public override string ToString()
    {
        var others = Scores.OrderByDescending(s => s.Probability).Where(s => s.Label != Label).Take(4).ToList();
        return new LabelScore(Label, Probability)
            + (others.Count == 0 ? "" : $" ({string.Join(", ", others)}{(others.Count < Scores.Count - 1 ? ", …" : "")})")
            + (IsTruncated ? ", truncated" : "");
    }
}

/// <summary>A label with its probability.</summary>
/// <param name="Label">The label.</param>
/// <param name="Probability">Its probability.</param>
public readonly record struct LabelScore(string Label, float Probability)
{
    /// <summary>For people: <c>positive 73.0 %</c>.</summary>
    public override string ToString() => FormattableString.Invariant($"{Label} {Probability * 100:0.0} %");
}

/// <summary>Texts to labels.</summary>
public sealed class Classifier : TextHead
{
    /// <summary>Called by emitted code.</summary>
    public Classifier(ITokenModel model, HeadOptions options)
        : base(model, options)
    {
    }

    private protected override string Operation => "classify";

    /// <summary>The labels, in the model's order.</summary>
    public IReadOnlyList<string> Labels => Options.Labels;

    private protected override bool HasWindows => true;

    /// <summary>What a text is taken for. Of a text in parts the logits are the mean of the parts', weighted by their tokens.</summary>
    /// <exception cref="TextTooLongException">There are too many tokens, and <see cref="TextHead.TooLong"/> says that this is an error.</exception>
    public Classification Classify(ReadOnlySpan<char> text, CancellationToken cancellationToken) => Classify(text, default, isPair: false, cancellationToken);

    /// <summary>What two texts together are taken for, such as a premise and a hypothesis.</summary>
    /// <exception cref="TextTooLongException">There are too many tokens, and <see cref="TextHead.TooLong"/> does not say that the longer text is
    /// truncated: two texts are never taken in parts.</exception>
    public Classification Classify(ReadOnlySpan<char> first, ReadOnlySpan<char> second, CancellationToken cancellationToken) =>
        Classify(first, second, isPair: true, cancellationToken);

    private Classification Classify(ReadOnlySpan<char> first, ReadOnlySpan<char> second, bool isPair, CancellationToken cancellationToken)
    {
        var memory = HeadMemory.Rent();
        try
        {
            TextWindows? windows = null;
            if (isPair)
            {
                Tokenizer.EncodePair(first, second, memory.Text, MaxTokens);
                if (memory.Text.IsTruncated && TooLong != TooLong.Truncate)
                {
                    throw new TextTooLongException(memory.Text.UntruncatedCount, MaxTokens, hasWindows: false);
                }
            }
            else
            {
                var isInParts = TooLong == TooLong.Window;
                Tokenizer.Encode(memory.With(Options.Prefix, first), memory.Text, isInParts ? int.MaxValue : MaxTokens);
                windows = isInParts && memory.Text.Count > MaxTokens ? new TextWindows(memory.Text, MaxTokens, Options.Prefix.Length) : null;
                Check(memory.Text);
            }

            var logits = windows is null ? [.. Run(memory, perToken: false, cancellationToken)] : RunParts(windows, memory, cancellationToken);
            var probabilities = (float[])logits.Clone();
            if (Options.GivesProbabilities && windows is null)
            {
                Logits.Of(logits, Options.LabelsAreIndependent);
            }
            else if (Options.LabelsAreIndependent)
            {
                Logits.Sigmoid(probabilities);
            }
            else
            {
                Logits.Softmax(logits, probabilities);
            }

            var best = IndexOfMost(probabilities);
            return new Classification(
                Labels[best], probabilities[best], [.. Labels.Zip(probabilities, (label, p) => new LabelScore(label, p))], logits, memory.Text.IsTruncated);
        }
        finally
        {
            memory.Return();
        }
    }

    /// <summary>The mean of the parts' logits.</summary>
    private float[] RunParts(TextWindows windows, HeadMemory memory, CancellationToken cancellationToken)
    {
        var sum = new float[Options.Width];
        for (var part = 0; part < windows.Parts; part++)
        {
            var held = windows.TakePart(part);
            var output = memory.Output(Options.Width);
            RunModel([windows.Ids.Length], windows.Ids, windows.TypeIds, output, default, cancellationToken);
            if (Options.GivesProbabilities)
            {
                Logits.Of(output, Options.LabelsAreIndependent);
            }

            Pooler.AddPart(output, (float)held / windows.All, sum);
        }

        return sum;
    }
}
