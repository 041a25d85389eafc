namespace CompiledBert.Text.Blob;

/// <summary>
/// A compiled tokenizer: the header (<c>CBERTT01</c>, the length of the whole in 64 bits, the SHA-256 of the rest), then numbers of 32 bits that describe
/// its steps, with tables, aligned to eight bytes, named by where they begin.
/// </summary>
internal static class BlobFormat
{
    public const int HeaderBytes = 64;
    public const int LengthAt = 8;
    public const int HashAt = 16;
    public const int HashBytes = 32;

    public static ReadOnlySpan<byte> Magic => "CBERTT01"u8;
}

/// <summary>Steps of normalization, as the blob numbers them.</summary>
internal enum NormalizerKind
{
    Clean,
    Ideographs,
    CanonicalDecomposition,
    CanonicalComposition,
    CompatibilityDecomposition,
    CompatibilityComposition,
    DropNonspacing,
    DropMarks,
    Lowercase,
    Nmt,
    Strip,
    Prepend,
    Replace,
    CharacterMap,
    ByteAlphabet,
}

/// <summary>Steps from text to words, as the blob numbers them.</summary>
internal enum PreTokenizerKind
{
    Split,
    PrefixBlank,
    ByteLevel,
    Metaspace,
    FixedLength,
}

/// <summary>What finds matches, as the blob numbers them.</summary>
internal enum MatcherKind
{
    WhiteSpace,
    Punctuation,
    Numeric,
    Text,
    Words,
    Gpt2,
    Pattern,
}

/// <summary>Models, as the blob numbers them.</summary>
internal enum ModelKind
{
    WordPiece,
    WordLevel,
    PairEncoding,
    Unigram,
}
