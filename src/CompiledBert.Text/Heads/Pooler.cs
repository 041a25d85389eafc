using System.Numerics;

namespace CompiledBert.Text;

/// <summary>From the vectors of tokens to one: pooled, through the layers behind, and perhaps of length one.</summary>
internal sealed class Pooler(HeadOptions options)
{
    private readonly int _widest = options.Dense.Aggregate(options.Width, (widest, layer) => Math.Max(widest, layer.Outputs));

    /// <summary>Elements that the network gives for a text of so many tokens.</summary>
    public int ElementsOf(int tokens) => options.Width * (options.Pooling == Pooling.None ? 1 : tokens);

    /// <summary>All of it.</summary>
    public void Finish(ReadOnlySpan<float> rows, HeadMemory memory, Span<float> vector)
    {
        if (options.Dense.Count == 0)
        {
            Pool(rows, vector);
            Normalize(vector);
            return;
        }

        var pooled = memory.Second(3 * _widest).Slice(2 * _widest, options.Width);
        Pool(rows, pooled);
        Complete(pooled, memory, vector);
    }

    /// <summary>What follows the pooling.</summary>
    public void Complete(ReadOnlySpan<float> pooled, HeadMemory memory, Span<float> vector)
    {
        // Each layer reads one half and writes the other.
        var halves = memory.Second(3 * _widest);
        var from = pooled;
        for (var i = 0; i < options.Dense.Count; i++)
        {
            var layer = options.Dense[i];
            var to = halves.Slice((i & 1) * _widest, layer.Outputs);
            layer.Apply(from, to);
            from = to;
        }

        from.CopyTo(vector);
        Normalize(vector);
    }

    /// <summary>Adds the vector of a part of a text, weighted by its tokens, to what those before it gave.</summary>
    public static void AddPart(ReadOnlySpan<float> part, float weight, Span<float> sum)
    {
        for (var i = 0; i < sum.Length; i++)
        {
            sum[i] += part[i] * weight;
        }
    }

    /// <summary>The vectors of tokens to one.</summary>
    public void Pool(ReadOnlySpan<float> rows, Span<float> vector)
    {
        var width = vector.Length;
        var count = rows.Length / width;
        switch (options.Pooling)
        {
            case Pooling.None or Pooling.Cls:
                rows[..width].CopyTo(vector);
                break;
            case Pooling.Last:
                rows[^width..].CopyTo(vector);
                break;
            case Pooling.Max:
                rows[..width].CopyTo(vector);
                for (var row = 1; row < count; row++)
                {
                    Greatest(rows.Slice(row * width, width), vector);
                }

                break;
            default:
                vector.Clear();
                for (var row = 0; row < count; row++)
                {
                    Add(rows.Slice(row * width, width), vector);
                }

                Scale(vector, options.Pooling == Pooling.Mean ? 1f / count : 1f / MathF.Sqrt(count));
                break;
        }
    }

    private void Normalize(Span<float> vector)
    {
        if (options.Normalizes)
        {
            var sum = 0.0;
            foreach (var value in vector)
            {
                sum += (double)value * value;
            }

            Scale(vector, (float)(1 / Math.Max(Math.Sqrt(sum), 1e-12)));
        }
    }

    private static void Add(ReadOnlySpan<float> row, Span<float> vector)
    {
        var i = 0;
        for (; i <= vector.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            (new Vector<float>(vector[i..]) + new Vector<float>(row[i..])).CopyTo(vector[i..]);
        }

        for (; i < vector.Length; i++)
        {
            vector[i] += row[i];
        }
    }

    private static void Greatest(ReadOnlySpan<float> row, Span<float> vector)
    {
        for (var i = 0; i < vector.Length; i++)
        {
            vector[i] = MathF.Max(vector[i], row[i]);
        }
    }

    private static void Scale(Span<float> vector, float factor)
    {
        for (var i = 0; i < vector.Length; i++)
        {
            vector[i] *= factor;
        }
    }
}
