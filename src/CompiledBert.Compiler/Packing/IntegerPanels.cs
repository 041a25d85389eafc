using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Packing;

/// <summary>
/// Matrices [K, N] of 8-bit integers as the kernels read them: panels of 16 columns, in them four neighbours of K together, <c>[⌈N/16⌉][⌈K/4⌉][16][4]</c>,
/// padded with zeros: what SDOT and VNNI multiply in one instruction, and vpmaddwd in two. Behind them the sums of the columns, Int32, padded to whole panels.
/// </summary>
internal static class IntegerPanels
{
    private const int Panel = Fusion.Panels.Columns;

    /// <summary>Takes bytes one after the other.</summary>
    public delegate void Sink(ReadOnlySpan<byte> bytes);

    /// <summary>Bytes of a packed matrix.</summary>
    public static long BytesOf(long rows, long columns) => (columns + Panel - 1) / Panel * ((rows + 3) / 4 * 4 + sizeof(int)) * Panel;

    /// <summary>Writes a matrix and its columns' sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Write(TensorData data, Sink write)
    {
        var held = data.Hold();
        var (rows, columns) = ((int)data.Dims[0], (int)data.Dims[1]);
        var (lines, panel) = (new sbyte[rows * Panel], new sbyte[(rows + 3) / 4 * 4 * Panel]);
        var sums = new int[(columns + Panel - 1) / Panel * Panel];
        for (var start = 0; start < columns; start += Panel)
        {
            var width = Math.Min(Panel, columns - start);
            data.Read(new MatrixPart(0, rows, start, width), lines.AsSpan(), Panel);
            panel.AsSpan().Clear();
            for (var row = 0; row < rows; row++)
            {
                var line = lines.AsSpan(row * Panel, width);
                for (var column = 0; column < width; column++)
                {
                    panel[(((row / 4 * Panel) + column) * 4) + (row % 4)] = line[column];
                    sums[start + column] += line[column];
                }
            }

            write(MemoryMarshal.AsBytes<sbyte>(panel));
        }

        write(MemoryMarshal.AsBytes<int>(sums));
        GC.KeepAlive(held);
    }
}
