namespace CompiledBert.Text.Unicode;

/// <summary>The general category of a character, numbered as in the tables.</summary>
internal enum Category
{
    Unassigned, Lu, Ll, Lt, Lm, Lo, Mn, Mc, Me, Nd, Nl, No, Pc, Pd, Ps, Pe, Pi, Pf, Po, Sm, Sc, Sk, So, Zs, Zl, Zp, Cc, Cf, Co, Cs,
}

/// <summary>How a character takes part in grapheme clusters, numbered as in the tables.</summary>
internal enum GraphemeBreak
{
    Other, CR, LF, Control, Extend, Joiner, RegionalIndicator, Prepend, SpacingMark, L, V, T, LV, LVT,
}

/// <summary>What the tables say of a character.</summary>
internal readonly struct Properties(uint bits)
{
    public Category Category => (Category)(bits & 31);

    public int CombiningClass => (int)(bits >> 5) & 0xFF;

    public GraphemeBreak Break => (GraphemeBreak)((bits >> 13) & 15);

    public bool IsWhiteSpace => (bits & (1u << 17)) != 0;

    /// <summary>What BERT's cleaning drops: controls, formats, private use, U+0000 and U+FFFD.</summary>
    public bool IsDropped => (bits & (1u << 18)) != 0;

    /// <summary>Punctuation, and the symbols of ASCII.</summary>
    public bool IsPunctuation => (bits & (1u << 19)) != 0;

    public bool IsNonspacing => (bits & (1u << 20)) != 0;

    public bool IsMark => (bits & (1u << 21)) != 0;

    public bool IsNumeric => (bits & (1u << 22)) != 0;

    /// <summary>What <c>\w</c> matches.</summary>
    public bool IsWord => (bits & (1u << 23)) != 0;

    public bool HasLower => (bits & (1u << 24)) != 0;

    public bool HasCanonical => (bits & (1u << 25)) != 0;

    public bool HasCompatible => (bits & (1u << 26)) != 0;

    public bool IsPictographic => (bits & (1u << 27)) != 0;
}
