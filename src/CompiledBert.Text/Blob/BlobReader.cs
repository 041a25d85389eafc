using CompiledBert.Text.Models;
using CompiledBert.Text.Normalization;
using CompiledBert.Text.Patterns;
using CompiledBert.Text.PreTokenization;

namespace CompiledBert.Text.Blob;

/// <summary>Builds a tokenizer's steps from its blob; tables stay where they are.</summary>
internal sealed unsafe class BlobReader(byte* blob)
{
    private int* _next = (int*)(blob + BlobFormat.HeaderBytes);

    public TokenizerParts Read()
    {
        var vocabulary = Number();
        var most = Number();
        var pad = Number();
        var trims = Each(Flag);
        var fromLeft = Flag();
        var single = Template();
        var pair = Template();
        var raw = AddedTokens();
        var normalizers = Each(Normalizer);
        var normalized = AddedTokens();
        var preTokenizers = Each(PreTokenizer);
        return new TokenizerParts(
            new Pipeline(raw, normalizers, normalized, preTokenizers), Model(), single, pair, vocabulary, most, pad, trims, fromLeft);
    }

    private int Number() => *_next++;

    private bool Flag() => Number() != 0;

    private byte* Table() => blob + (uint)Number();

    private Trie ReadTrie()
    {
        var table = (uint*)Table();
        return new Trie(table, Number());
    }

    private T[] Each<T>(Func<T> read)
    {
        var items = new T[Number()];
        for (var i = 0; i < items.Length; i++)
        {
            items[i] = read();
        }

        return items;
    }

    private uint[] Text() => Each(() => (uint)Number());

    private TemplatePart[] Template() => Each(() => new TemplatePart(Number(), Number(), Number()));

    private AddedTokens? AddedTokens() => Flag()
        ? new AddedTokens(ReadTrie(), Each(() => new AddedTokens.Token(Number(), Flag(), Flag(), Flag())))
        : null;

    private NormalizerStep Normalizer() => (NormalizerKind)Number() switch
    {
        NormalizerKind.Clean => new CleanStep(),
        NormalizerKind.Ideographs => new IdeographStep(),
        NormalizerKind.CanonicalDecomposition => new UnicodeFormStep(compatible: false, compose: false),
        NormalizerKind.CanonicalComposition => new UnicodeFormStep(compatible: false, compose: true),
        NormalizerKind.CompatibilityDecomposition => new UnicodeFormStep(compatible: true, compose: false),
        NormalizerKind.CompatibilityComposition => new UnicodeFormStep(compatible: true, compose: true),
        NormalizerKind.DropNonspacing => new DropMarksStep(nonspacingOnly: true),
        NormalizerKind.DropMarks => new DropMarksStep(nonspacingOnly: false),
        NormalizerKind.Lowercase => new LowercaseStep(),
        NormalizerKind.Nmt => new NmtStep(),
        NormalizerKind.Strip => new StripStep(Flag(), Flag()),
        NormalizerKind.Prepend => new PrependStep(Text()),
        NormalizerKind.Replace => new ReplaceStep(Matcher(), Text()),
        NormalizerKind.CharacterMap => new CharacterMapStep((uint*)Table(), Number(), Table(), Number()),
        NormalizerKind.ByteAlphabet => new ByteAlphabetStep(),
        var other => throw Unknown(other),
    };

    private PreTokenizerStep PreTokenizer() => (PreTokenizerKind)Number() switch
    {
        PreTokenizerKind.Split => new SplitStep(Matcher(), (SplitBehavior)Number(), Flag()),
        PreTokenizerKind.PrefixBlank => new PrefixBlankStep(),
        PreTokenizerKind.ByteLevel => new ByteLevelStep(),
        PreTokenizerKind.Metaspace => new MetaspaceStep((uint)Number(), (PrependScheme)Number()),
        PreTokenizerKind.FixedLength => new FixedLengthStep(Number()),
        var other => throw Unknown(other),
    };

    private Matcher Matcher() => (MatcherKind)Number() switch
    {
        MatcherKind.WhiteSpace => new ClassMatcher(CharacterClass.WhiteSpace),
        MatcherKind.Punctuation => new ClassMatcher(CharacterClass.Punctuation),
        MatcherKind.Numeric => new ClassMatcher(CharacterClass.Numeric),
        MatcherKind.Text => new TextMatcher(Text()),
        MatcherKind.Words => new WordMatcher(),
        MatcherKind.Gpt2 => new Gpt2Matcher(),
        MatcherKind.Pattern => new PatternMatcher(new Pattern((int*)Table())),
        var other => throw Unknown(other),
    };

    private TokenModel Model()
    {
        switch ((ModelKind)Number())
        {
            case ModelKind.WordPiece:
                return new WordPieceModel(ReadTrie(), Number(), Number(), Text());
            case ModelKind.WordLevel:
                return new WordLevelModel(ReadTrie(), Number());
            case ModelKind.PairEncoding:
                var trie = ReadTrie();
                var merges = new MergeTable((int*)Table(), Number(), (uint*)Table(), (int*)Table());
                var options = new PairEncodingOptions(Number(), Flag(), Flag(), Flag(), Text(), Text());
                return new PairEncodingModel(trie, merges, options, Each(Number));
            case ModelKind.Unigram:
                return new UnigramModel(
                    ReadTrie(), new ScoreTable(Table(), Flag()), Number(), BitConverter.Int64BitsToDouble((uint)Number() | ((long)Number() << 32)),
                    Each(Number) is { Length: > 0 } ids ? ids : null);
            case var other:
                throw Unknown(other);
        }
    }

    private static InvalidDataException Unknown(Enum value) =>
        new($"The compiled tokenizer has a step of the kind {value}, which this version does not know. Build again.");
}

/// <summary>A place in what is put around tokens.</summary>
/// <param name="Sequence">0 for the first text, 1 for the second, -1 for a special token.</param>
/// <param name="Id">The id of the special token.</param>
/// <param name="TypeId">The type of the place's tokens.</param>
internal readonly record struct TemplatePart(int Sequence, int Id, int TypeId);

/// <summary>All that a tokenizer is made of.</summary>
internal sealed record TokenizerParts(
    Pipeline Pipeline,
    TokenModel Model,
    TemplatePart[] Single,
    TemplatePart[] Pair,
    int VocabularySize,
    int MostTokens,
    int PadId,
    bool[] Trims,
    bool TruncatesFromLeft);
