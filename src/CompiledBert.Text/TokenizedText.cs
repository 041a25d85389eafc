namespace CompiledBert.Text;

/// <summary>What a tokenizer made of a text, with the special tokens that the model wants; its memory is used again by the next call that fills it.</summary>
public sealed class TokenizedText
{
    private int[] _ids = new int[128];
    private int[] _typeIds = new int[128];
    private TextRange[] _ranges = new TextRange[128];
    private int[] _words = new int[128];
    private sbyte[] _texts = new sbyte[128];

    /// <summary>How many tokens there are.</summary>
    public int Count { get; private set; }

    /// <summary>Ids of the tokens.</summary>
    public ReadOnlySpan<int> Ids => _ids.AsSpan(0, Count);

    /// <summary>For each token whether it is of the first text (0) or the second (1), as the model was trained.</summary>
    public ReadOnlySpan<int> TypeIds => _typeIds.AsSpan(0, Count);

    /// <summary>Where each token lies in the original text, in UTF-16 units; empty for special tokens.</summary>
    public ReadOnlySpan<TextRange> Ranges => _ranges.AsSpan(0, Count);

    /// <summary>
    /// Which word each token belongs to, counted from 0; -1 for special tokens. Words are those given, or else the pieces that the text was split into.
    /// </summary>
    public ReadOnlySpan<int> Words => _words.AsSpan(0, Count);

    /// <summary>Which text each token is of: 0 the first, 1 the second, -1 none since it was put there for the model.</summary>
    public ReadOnlySpan<sbyte> Texts => _texts.AsSpan(0, Count);

    /// <summary>How many tokens there would be without truncation.</summary>
    public int UntruncatedCount { get; internal set; }

    /// <summary>Whether tokens were left out because there were too many.</summary>
    public bool IsTruncated => UntruncatedCount > Count;

    internal void Clear() => (Count, UntruncatedCount) = (0, 0);

    /// <summary>Gives memory back that an unusually long text took.</summary>
    internal void Trim(int most)
    {
        if (_ids.Length > most)
        {
            Clear();
            (_ids, _typeIds, _ranges, _words, _texts) = (new int[128], new int[128], new TextRange[128], new int[128], new sbyte[128]);
        }
    }

    internal void Add(int id, int typeId, TextRange range, int word, int text)
    {
        if (Count == _ids.Length)
        {
            var size = Count * 2;
            Array.Resize(ref _ids, size);
            Array.Resize(ref _typeIds, size);
            Array.Resize(ref _ranges, size);
            Array.Resize(ref _words, size);
            Array.Resize(ref _texts, size);
        }

        (_ids[Count], _typeIds[Count], _ranges[Count], _words[Count], _texts[Count]) = (id, typeId, range, word, (sbyte)text);
        Count++;
    }
}

/// <summary>A range of a text.</summary>
/// <param name="Start">The first UTF-16 unit.</param>
/// <param name="End">The unit behind the last.</param>
public readonly record struct TextRange(int Start, int End)
{
    /// <summary>How many UTF-16 units it has.</summary>
    public int Length => End - Start;

    /// <summary>The text of the range.</summary>
    public ReadOnlySpan<char> In(ReadOnlySpan<char> text) => text[Start..End];
}
