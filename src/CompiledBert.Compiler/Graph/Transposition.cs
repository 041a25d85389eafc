using System.Runtime.CompilerServices;

namespace CompiledBert.Compiler.Graph;

/// <summary>Rows and columns of a constant matrix exchanged when it is read.</summary>
public static class Transposition
{
    // Elements go by squares, so that both sides stay in the cache.
    private const int Square = 32;

    /// <summary>A matrix's transpose; elements take whole bytes.</summary>
    public static TensorData Transposed(this TensorData source) => source.Type.BitsOf() switch
    {
        8 => Of<byte>(source),
        16 => Of<short>(source),
        32 => Of<int>(source),
        _ => Of<long>(source),
    };

    private static TensorData Of<T>(TensorData source)
        where T : unmanaged =>
        TensorData.Derived<T>(
            source.Type, [source.Dims[1], source.Dims[0]], [source], (part, to, stride) => Read(source, part, to, stride),
            Recipe.Of(nameof(Transposed), source.Identity));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Read<T>(TensorData source, MatrixPart part, Span<T> to, int stride)
        where T : unmanaged
    {
        Span<T> square = stackalloc T[Square * Square];
        for (var top = 0; top < part.Rows; top += Square)
        {
            for (var left = 0; left < part.Columns; left += Square)
            {
                var (height, width) = (Math.Min(Square, part.Rows - top), Math.Min(Square, part.Columns - left));
                source.Read(new MatrixPart(part.Column + left, width, part.Row + top, height), square, Square);
                for (var row = 0; row < height; row++)
                {
                    var line = to.Slice(((top + row) * stride) + left, width);
                    for (var column = 0; column < width; column++)
                    {
                        line[column] = square[(column * Square) + row];
                    }
                }
            }
        }
    }
}
