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
        // Rows of 8-bit integers, four neighbours of four rows together: [rows/4][k/4][4][4] with the groups of k outside. Lanes beyond the last row
        // hold that row again, and nothing reads their products.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void DotPack(sbyte* x, long ldx, long rows, long count, byte* packed)
        {
            long groups = count + 3 >> 2, width = rows + 3 & ~3L;
            for (long r = 0; r < width; r += 4)
            {
                sbyte* row0 = x + r * ldx, row1 = x + Math.Min(r + 1, rows - 1) * ldx, row2 = x + Math.Min(r + 2, rows - 1) * ldx, row3 = x + Math.Min(r + 3, rows - 1) * ldx;
                uint* to = (uint*)packed + r;
                long k = 0;
                for (; k + 16 <= count; k += 16, to += 4 * width)
                {
                    // The transposition of 4 × 4 groups.
                    var a = V128.Load((uint*)(row0 + k)); var b = V128.Load((uint*)(row1 + k)); var c = V128.Load((uint*)(row2 + k)); var d = V128.Load((uint*)(row3 + k));
                    var low = System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.ZipLow(a, c); var high = System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.ZipHigh(a, c); var low2 = System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.ZipLow(b, d); var high2 = System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.ZipHigh(b, d);
                    System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.ZipLow(low, low2).Store(to);
                    System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.ZipHigh(low, low2).Store(to + width);
                    System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.ZipLow(high, high2).Store(to + 2 * width);
                    System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.ZipHigh(high, high2).Store(to + 3 * width);
                }
                for (; k < count; k += 4, to += width)
                {
                    to[0] = DotGroup(row0, k, count); to[1] = DotGroup(row1, k, count); to[2] = DotGroup(row2, k, count); to[3] = DotGroup(row3, k, count);
                }
            }
        }

        // Four neighbours, zeros beyond the last.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static uint DotGroup(sbyte* row, long k, long count)
        {
            if (k + 4 <= count) return *(uint*)(row + k);
            uint four = 0;
            for (long i = k; i < count; i++) four |= (uint)(byte)row[i] << (int)(8 * (i & 3));
            return four;
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

        using (writer.Block("while (b < end)"))
        {
            // The next vector of B is on its way while this one is used, and pointers move on beside loads: cores that issue in order would wait for both.
            writer.Line($"Vector128<sbyte> w0 = V128.Load(b), {string.Join(", ", Enumerable.Range(0, quads).Select(q => $"x{Text(q)} = V128.Load((sbyte*)a + {Text(16 * q)})"))}; a += {Text(16 * quads)};");
            for (var v = 0; v < 4; v++)
            {
                var line = Enumerable.Range(0, rows).Select(row => $"{Sum(row, v)} = {Arm}Dp.DotProductBySelectedQuadruplet({Sum(row, v)}, w{Text(v)}, x{Text(row / 4)}, {Text(row % 4)});").ToList();
                if (v < 3)
                {
                    line.Insert(1, $"Vector128<sbyte> w{Text(v + 1)} = V128.Load(b + {Text(16 * (v + 1))});{(v == 2 ? " b += 64;" : "")}");
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
