namespace CompiledBert.Text.Models;

/// <summary>Arrays that models work in, used again by the thread.</summary>
internal sealed class ModelMemory
{
    private int[] _integers = new int[1024];
    private double[] _scores = new double[256];
    private ulong[] _queue = new ulong[256];

    /// <summary>At least so many integers, with whatever they last held.</summary>
    public Span<int> Integers(int count) => Sized(ref _integers, count);

    public Span<double> Scores(int count) => Sized(ref _scores, count);

    public ulong[] Queue(int count)
    {
        Sized(ref _queue, count);
        return _queue;
    }

    public void Trim(int most)
    {
        if (_integers.Length > most * 4 || _scores.Length > most || _queue.Length > most * 4)
        {
            (_integers, _scores, _queue) = (new int[1024], new double[256], new ulong[256]);
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
