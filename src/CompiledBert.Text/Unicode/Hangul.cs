namespace CompiledBert.Text.Unicode;

/// <summary>The arithmetic of Hangul syllables: leading consonant, vowel, and perhaps a trailing consonant (Unicode, section 3.12).</summary>
internal static class Hangul
{
    public const uint FirstSyllable = 0xAC00;
    public const uint FirstLeading = 0x1100;
    public const uint FirstVowel = 0x1161;
    public const uint BeforeTrailing = 0x11A7;
    public const uint Leadings = 19;
    public const uint Vowels = 21;
    public const uint Trailings = 28;
    public const uint Syllables = Leadings * Vowels * Trailings;
}
