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
    /// <remarks>
    /// Cores that issue in order also finish in order: what is done sooner than the product before it waits. A load by register and register takes as long as
    /// a product, and goes beside one; so there is an index for B and one for A, which move on together once in two groups. What a turn begins with is
    /// loaded in the turn before: up to 32 bytes behind A and 16 behind B are read, and never used.
    /// </remarks>
    protected override void WriteTile(CodeWriter writer, MicroKernels kernels, int rows, int panels, TileEnd end)
    {
        string Sum(int row, int vector) => $"{(char)('s' + vector)}{Text(row)}";
        var groupBytes = 16 * ((rows + 3) / 4);
        writer.Line($"long pairs = groups >> 1, i = -128 * pairs, l = {Text(-2 * groupBytes)} * pairs;");
        writer.Line($"sbyte* {string.Join(", ", Enumerable.Range(0, 8).Select(v => $"b{Text(v)} = b + 128 * pairs{(v == 0 ? "" : $" + {Text(16 * v)}")}"))};");
        writer.Line($"sbyte* {string.Join(", ", Enumerable.Range(0, groupBytes / 8).Select(q => $"a{Text(q)} = (sbyte*)a + {Text(2 * groupBytes)} * pairs{(q == 0 ? "" : $" + {Text(16 * q)}")}"))};");
        for (var row = 0; row < rows; row++)
        {
            writer.Line($"Vector128<int> {string.Join(", ", Enumerable.Range(0, 4).Select(v => Sum(row, v) + " = default"))};");
        }

        // Vectors of B take turns in two variables; those of A stay for a group.
        string First(int quad) => "x" + Text(quad);
        string Second(int quad) => "y" + Text(quad);
        string Weights(int vector) => vector % 2 == 0 ? "even" : "odd";
        var quads = Enumerable.Range(0, groupBytes / 16).ToArray();
        writer.Line($"Vector128<sbyte> even = V128.Load(b0 + i), odd, {string.Join(", ", quads.Select(q => $"{First(q)} = V128.Load(a{Text(q)} + l)"))}, {string.Join(", ", quads.Select(Second))};");
        List<string> Products(int vector, Func<int, string> x) =>
        [
            .. Enumerable.Range(0, rows).Select(row => $"{Sum(row, vector % 4)} = {Arm}Dp.DotProductBySelectedQuadruplet({Sum(row, vector % 4)}, {Weights(vector)}, {x(row / 4)}, {Text(row % 4)});"),
        ];
        using (writer.Block("while (i != 0)"))
        {
            for (var v = 0; v < 8; v++)
            {
                var line = Products(v, v < 4 ? First : Second);
                var at = Math.Min(3, rows);
                if (v < quads.Length)
                {
                    line.Insert(at, $"{Second(v)} = V128.Load(a{Text(quads.Length + v)} + l);");
                }
                else if (v == 6)
                {
                    line.Insert(at, $"i += 128; l += {Text(2 * groupBytes)};");
                }

                if (v < 7)
                {
                    line.Insert(1, $"{Weights(v + 1)} = V128.Load(b{Text(v + 1)} + i);");
                }
                else
                {
                    line.Insert(Math.Min(2, rows), "even = V128.Load(b0 + i);");
                    for (var q = quads.Length - 1; q >= 0; q--)
                    {
                        line.Insert(Math.Min(q, rows), $"{First(q)} = V128.Load(a{Text(q)} + l);");
                    }
                }

                writer.Line(string.Join(" ", line));
            }
        }

        using (writer.Block("if ((groups & 1) != 0)"))
        {
            for (var v = 0; v < 4; v++)
            {
                var line = Products(v, First);
                if (v < 3)
                {
                    line.Insert(1, $"{Weights(v + 1)} = V128.Load(b{Text(v + 1)});");
                }

                writer.Line(string.Join(" ", line));
            }
        }

        // Operation by operation, so that none waits for the one before.
        var columns = Enumerable.Range(0, 4).ToArray();
        string Each(Func<int, string> write) => string.Join(" ", columns.Select(write));
        string Of(string pointer, int vector) => vector == 0 ? pointer : $"{pointer} + {Text(4 * vector)}";
        writer.Line($"Vector128<float> {string.Join(", ", columns.Select(v => $"f{Text(v)}"))};");
        if (end.Scales)
        {
            writer.Line($"Vector128<float> {string.Join(", ", columns.Select(v => $"scale{Text(v)} = V128.Load({Of("scales", v)})"))};");
        }

        for (var row = 0; row < rows; row++)
        {
            writer.Line(Each(v => $"f{Text(v)} = V128.ConvertToSingle({Sum(row, v)}{(end.AddsStart ? $" + V128.Load({Of("start", v)})" : "")});"));
            if (end.Scales)
            {
                writer.Line($"Vector128<float> r{Text(row)} = V128.Create(rowScales[{Text(row)}]); {Each(v => $"f{Text(v)} *= r{Text(row)};")}");
                writer.Line(Each(v => end.AddsBias
                    ? $"f{Text(v)} = V128.MultiplyAddEstimate(f{Text(v)}, scale{Text(v)}, V128.Load({Of("bias", v)}));"
                    : $"f{Text(v)} *= scale{Text(v)};"));
            }

            writer.Line(Each(v => $"f{Text(v)}.Store({Of("c", v)});") + (row + 1 < rows ? " c += ldc;" : ""));
        }
    }
}
