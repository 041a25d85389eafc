using TorchSharp;
using static TorchSharp.torch;

namespace CompiledBert.Training.Learning;

/// <summary>
/// A matrix, or several of a size, for every example, kept in halves: of a batch's, which are padded to the largest, that part which is the example's own.
/// </summary>
/// <param name="examples">How many examples.</param>
/// <param name="matrices">Matrices of each.</param>
/// <param name="sizeOf">The rows and columns of an example's.</param>
internal sealed class KeptHalves(int examples, int matrices, Func<int, (int Rows, int Columns)> sizeOf)
{
    private readonly byte[]?[] _kept = new byte[]?[examples];

    /// <summary>The bytes that an example takes.</summary>
    public long BytesOf(int example) => (long)matrices * sizeOf(example).Rows * sizeOf(example).Columns * sizeof(short);

    /// <summary>Keeps what is computed of a batch.</summary>
    /// <param name="numbers">Which examples it is of.</param>
    /// <param name="batch">The matrices [B, matrices, R, C].</param>
    public void Keep(IReadOnlyList<int> numbers, Tensor batch)
    {
        using var halves = batch.to_type(ScalarType.Float16).contiguous();
        var all = halves.bytes;
        for (var i = 0; i < numbers.Count; i++)
        {
            var own = _kept[numbers[i]] = new byte[BytesOf(numbers[i])];
            foreach (var (from, to, length) in Rows(i, numbers[i], halves.shape))
            {
                all.Slice(from, length).CopyTo(own.AsSpan(to));
            }
        }
    }

    /// <summary>What was kept of some examples, in floats [B, matrices, R, C]; 0 beside an example's own part.</summary>
    /// <param name="numbers">The examples.</param>
    /// <param name="rows">Rows, as many as the largest example's or more.</param>
    /// <param name="columns">Columns, likewise.</param>
    public Tensor Of(IReadOnlyList<int> numbers, long rows, long columns)
    {
        using var halves = zeros([numbers.Count, matrices, rows, columns], ScalarType.Float16);
        var all = halves.bytes;
        for (var i = 0; i < numbers.Count; i++)
        {
            foreach (var (to, from, length) in Rows(i, numbers[i], halves.shape))
            {
                _kept[numbers[i]].AsSpan(from, length).CopyTo(all[to..]);
            }
        }

        return halves.to_type(ScalarType.Float32);
    }

    /// <summary>Where the rows of an example are in a batch's tensor and among those that are kept, and how long they are, all in bytes.</summary>
    private IEnumerable<(int Batch, int Kept, int Length)> Rows(int place, int example, long[] shape)
    {
        var (rows, columns) = sizeOf(example);
        var length = columns * sizeof(short);
        for (var matrix = 0; matrix < matrices; matrix++)
        {
            for (var row = 0; row < rows; row++)
            {
                var inBatch = ((((place * matrices) + matrix) * shape[2]) + row) * shape[3] * sizeof(short);
                yield return ((int)inBatch, ((matrix * rows) + row) * length, length);
            }
        }
    }
}
