using System.ComponentModel;
using System.Security.Cryptography;
using System.Text;

namespace CompiledBert.Text;

/// <summary>What all heads have: a tokenizer, a limit, a model to run.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class TextHead
{
    /// <summary>Changes when the arithmetic of heads does.</summary>
    private const string Arithmetic = "2";

    private readonly ITokenModel _model;
    private readonly string _name;
    private string? _fingerprint;
    private TooLong _tooLong;

    private protected TextHead(ITokenModel model, HeadOptions options)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        (_model, Options) = (model, options);
        _name = (model as CompiledModel)?.Info.Name ?? model.GetType().Name;
    }

    /// <summary>The tokenizer.</summary>
    public Tokenizer Tokenizer => Options.Tokenizer;

    /// <summary>The most tokens of a text, special ones included.</summary>
    public int MaxTokens => Options.MaxTokens;

    /// <summary>What is done with texts of more tokens.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is nothing that this head can do.</exception>
    public TooLong TooLong
    {
        get => _tooLong;
        set => _tooLong = value is TooLong.Truncate or TooLong.Throw || (value == TooLong.Window && HasWindows)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "This model cannot take texts in parts. Use Truncate or Throw.");
    }

    /// <summary>
    /// Stands for all that decides results: weights, tokenizer, pooling, prefix, arithmetic. Store it beside results to notice another model.
    /// </summary>
    public string Fingerprint => _fingerprint ??= Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(
        string.Join(
            '\n', Options.WeightsHash, Tokenizer.Fingerprint, Options.Pooling, string.Concat(Options.Dense.Select(d => d.Description)),
            Options.Normalizes, Options.MaxTokens, Options.LabelsAreIndependent, Options.GivesProbabilities ? "probabilities" : "",
            Quoted(Options.Prefix), Quoted(Options.QueryPrefix), Quoted(Options.PassagePrefix), string.Join('\n', Options.Labels), Arithmetic))))[..32];

    /// <summary>Whether the head can take texts in parts.</summary>
    private protected virtual bool HasWindows => false;

    /// <summary>What the head does, for those who watch.</summary>
    private protected abstract string Operation { get; }

    private protected HeadOptions Options { get; }

    private protected void Check(TokenizedText text)
    {
        if (text.IsTruncated && TooLong == TooLong.Throw)
        {
            throw new TextTooLongException(text.UntruncatedCount, MaxTokens, HasWindows);
        }
    }

    /// <summary>Runs the model on one text.</summary>
    private protected ReadOnlySpan<float> Run(HeadMemory memory, bool perToken, CancellationToken cancellationToken)
    {
        var text = memory.Text;
        var output = memory.Output(Options.Width * (perToken ? text.Count : 1));
        RunModel([text.Count], text.Ids, text.TypeIds, output, default, cancellationToken);
        return output;
    }

    /// <summary>Runs the model on sequences that lie one after the other.</summary>
    private protected void RunModel(
        ReadOnlySpan<int> lengths, ReadOnlySpan<int> ids, ReadOnlySpan<int> typeIds,
        Span<float> output, Span<float> second, CancellationToken cancellationToken)
    {
        var run = TextTelemetry.Begin(_name, Operation);
        var isComplete = false;
        try
        {
            _model.RunTokens(lengths, ids, typeIds, output, second, cancellationToken);
            isComplete = true;
        }
        finally
        {
            run.End(lengths.Length, ids.Length, isComplete);
        }
    }

    /// <summary>The probabilities of labels of which one holds, by what the model gave for them.</summary>
    private protected void ToProbabilities(ReadOnlySpan<float> output, Span<float> probabilities)
    {
        if (Options.GivesProbabilities)
        {
            output.CopyTo(probabilities);
        }
        else
        {
            Logits.Softmax(output, probabilities);
        }
    }

    /// <summary>Tells nothing from an empty text.</summary>
    private static string Quoted(string? text) => text is null ? "" : $"'{text}'";

    private protected static int IndexOfMost(ReadOnlySpan<float> values)
    {
        var best = 0;
        for (var i = 1; i < values.Length; i++)
        {
            best = values[i] > values[best] ? i : best;
        }

        return best;
    }
}
