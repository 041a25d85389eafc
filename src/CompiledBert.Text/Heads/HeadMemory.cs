namespace CompiledBert.Text;

/// <summary>What a head's call needs, used again by the thread.</summary>
internal sealed class HeadMemory
{
    private const int KeptElements = 1 << 20;

    [ThreadStatic]
    private static HeadMemory? t_idle;

    private float[] _output = new float[4096];
    private float[] _second = new float[512];
    private char[] _characters = new char[512];

    public TokenizedText Text { get; } = new();

    public static HeadMemory Rent()
    {
        var memory = t_idle ?? new HeadMemory();
        t_idle = null;
        return memory;
    }

    public void Return()
    {
        Text.Trim(KeptElements / 4);
        Trim(ref _output);
        Trim(ref _second);
        Trim(ref _characters);
        t_idle = this;
    }

    public Span<float> Output(int count) => Sized(ref _output, count);

    public Span<float> Second(int count) => Sized(ref _second, count);

    /// <summary>The text with something in front.</summary>
    public ReadOnlySpan<char> With(string prefix, ReadOnlySpan<char> text)
    {
        if (prefix.Length == 0)
        {
            return text;
        }

        var joined = Sized(ref _characters, prefix.Length + text.Length);
        prefix.CopyTo(joined);
        text.CopyTo(joined[prefix.Length..]);
        return joined;
    }

    private static void Trim<T>(ref T[] array)
    {
        if (array.Length > KeptElements)
        {
            array = new T[512];
        }
    }

    private static Span<T> Sized<T>(ref T[] array, int count)
    {
        if (array.Length < count)
        {
            array = new T[Math.Max(count, array.Length * 2)];
        }

        return array.AsSpan(0, count);
    }
}
