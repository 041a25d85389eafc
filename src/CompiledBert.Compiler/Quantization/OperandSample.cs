namespace CompiledBert.Compiler.Quantization;

/// <summary>What was seen of a product's operand while the graph was run.</summary>
internal sealed class OperandSample(int width)
{
    private readonly List<float> _rows = [];

    /// <summary>Elements of a row.</summary>
    public int Width => width;

    /// <summary>The largest magnitude of each column over all rows.</summary>
    public float[] Maxima { get; } = new float[width];

    /// <summary>How many rows are kept.</summary>
    public int Count => _rows.Count / width;

    /// <summary>A kept row.</summary>
    public ReadOnlySpan<float> Row(int index) => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_rows).Slice(index * width, width);

    /// <summary>Looks at rows, and keeps some of them, evenly spaced.</summary>
    public void Add(ReadOnlySpan<float> rows, int keep)
    {
        for (var i = 0; i < rows.Length; i++)
        {
            Maxima[i % width] = MathF.Max(Maxima[i % width], MathF.Abs(rows[i]));
        }

        var count = rows.Length / width;
        keep = Math.Min(keep, count);
        _rows.EnsureCapacity(_rows.Count + (keep * width));
        for (var i = 0; i < keep; i++)
        {
            _rows.AddRange(rows.Slice((int)((long)i * count / keep) * width, width));
        }
    }
}
