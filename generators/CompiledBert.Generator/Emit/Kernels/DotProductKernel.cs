namespace CompiledBert.Generator.Emit;

/// <summary>
/// Products through Arm's SDOT: four products a lane, four columns a vector, the row chosen out of a vector that holds four neighbours of K of four rows.
/// </summary>
internal sealed class DotProductKernel : IntegerKernel
{
    private const string Arm = "System.Runtime.Intrinsics.Arm.";

    /// <summary>The one there is.</summary>
    public static DotProductKernel Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "Dot";

    /// <inheritdoc/>
    public override string Condition => Arm + "Dp.IsSupported";

    /// <inheritdoc/>
    public override int Rows => 6;

    /// <inheritdoc/>
    public override int GroupBytes => 32;

    /// <inheritdoc/>
    protected override void WritePack(CodeWriter writer) => writer.Lines("""
        // Rows of 8-bit integers, four neighbours of four rows together: [rows/4][k/4][4][4] with the groups of k outside, padded with zeros.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void DotPack(sbyte* x, long ldx, long rows, long count, byte* packed)
        {
            long groups = count + 3 >> 2, width = rows + 3 & ~3L;
            for (long r = 0; r < width; r++)
            {
                uint* to = (uint*)packed + r;
                sbyte* row = x + r * ldx;
                for (long g = 0; g < groups; g++, to += width)
                {
                    uint four = 0;
                    if (r < rows && 4 * g + 4 <= count) four = *(uint*)(row + 4 * g);
                    else for (long k = 4 * g; r < rows && k < count; k++) four |= (uint)(byte)row[k] << (int)(8 * (k & 3));
                    *to = four;
                }
            }
        }
        """);

    /// <inheritdoc/>
    protected override void WriteTile(CodeWriter writer, MicroKernels kernels, int rows, int panels)
    {
        string Sum(int row, int vector) => $"{(char)('s' + vector)}{Text(row)}";
        var quads = (rows + 3) / 4;
        writer.Line("sbyte* end = b + 64 * groups;");
        for (var row = 0; row < rows; row++)
        {
            writer.Line($"Vector128<int> {string.Join(", ", Enumerable.Range(0, 4).Select(v => Sum(row, v) + " = default"))};");
        }

        using (writer.Block($"for (; b < end; b += 64, a += {Text(16 * quads)})"))
        {
            // The next vector of B is on its way while this one is used: cores that issue in order would wait for it.
            writer.Line("Vector128<sbyte> w0 = V128.Load(b), " + string.Join(", ", Enumerable.Range(0, quads).Select(q => $"x{Text(q)} = V128.Load((sbyte*)a + {Text(16 * q)})")) + ";");
            for (var v = 0; v < 4; v++)
            {
                var line = Enumerable.Range(0, rows).Select(row => $"{Sum(row, v)} = {Arm}Dp.DotProductBySelectedQuadruplet({Sum(row, v)}, w{Text(v)}, x{Text(row / 4)}, {Text(row % 4)});").ToList();
                if (v < 3)
                {
                    line.Insert(1, $"Vector128<sbyte> w{Text(v + 1)} = V128.Load(b + {Text(16 * (v + 1))});");
                }

                writer.Line(string.Join(" ", line));
            }
        }

        for (var row = 0; row < rows; row++)
        {
            writer.Line(string.Join(" ", Enumerable.Range(0, 4).Select(v => $"V128.ConvertToSingle({Sum(row, v)} + V128.Load(start + {Text(4 * v)})).Store(c + {Text(4 * v)});"))
                + (row + 1 < rows ? " c += ldc;" : ""));
        }
    }
}
