namespace CompiledBert.Generator.Emit;

/// <summary>
/// Products of bytes for Arm without dot products: SMULL multiplies four neighbours of K of two columns, SADALP adds neighbouring products to two sums
/// a column, which are added at the end. No product saturates: 16 bits hold each, and each is added in 32.
/// </summary>
/// <remarks>Half a panel at a time: twenty sums, four vectors of B, one of A and four products are as much as the registers hold.</remarks>
internal sealed class ByteProductKernel : IntegerKernel
{
    private const string Arm = "global::System.Runtime.Intrinsics.Arm.AdvSimd";
    private const int Columns = 8;
    private const int Vectors = Columns / 2;

    /// <summary>The one there is.</summary>
    public static ByteProductKernel Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "Bytes";

    /// <inheritdoc/>
    public override string Condition => Arm + ".Arm64.IsSupported";

    /// <inheritdoc/>
    public override int Rows => 5;

    /// <inheritdoc/>
    public override int GroupBytes => 8 * Rows;

    /// <inheritdoc/>
    public override bool ConvertsSlowly => true;

    /// <inheritdoc/>
    protected override void WritePack(CodeWriter writer) => writer.Lines($$"""
        // Rows of 8-bit integers, each group of four neighbours twice, zeros beyond the last.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void BytesPack(sbyte* x, long ldx, long rows, long count, byte* packed)
        {
            for (long r = 0; r < rows; r++, x += ldx)
            {
                long k = 0;
                for (; k <= count - 16; k += 16, packed += 32)
                {
                    var groups = V128.Load((uint*)(x + k));
                    {{Arm}}.Arm64.ZipLow(groups, groups).Store((uint*)packed);
                    {{Arm}}.Arm64.ZipHigh(groups, groups).Store((uint*)packed + 4);
                }
                for (; k < count; k += 4, packed += 8)
                {
                    uint four = 0;
                    for (long i = k; i < Math.Min(k + 4, count); i++) four |= (uint)(byte)x[i] << (int)(8 * (i & 3));
                    *(uint*)packed = four;
                    *(uint*)(packed + 4) = four;
                }
            }
        }
        """);

    /// <inheritdoc/>
    protected override void WriteTile(CodeWriter writer, MicroKernels kernels, int rows, int panels, TileEnd end)
    {
        string Sum(int row, int vector) => $"{(char)('s' + vector)}{Text(row)}";
        string Each(Func<int, string> write, string separator = " ") => string.Join(separator, Enumerable.Range(0, Vectors).Select(write));
        writer.Line(
            string.Join(" ", Enumerable.Range(0, rows).Select(row => row == 0 ? "byte* a0 = a;" : $"byte* a{Text(row)} = a{Text(row - 1)} + 8 * groups;")));
        using (writer.Block(
            $"for (long j = 0; j < 16; j += {Text(Columns)}, start += {Text(Columns)}, "
                + $"scales += {Text(Columns)}, bias += {Text(Columns)}, c += {Text(Columns)})"))
        {
            writer.Line("sbyte* w = b + 4 * j, end = w + 64 * groups;");
            writer.Line("long i = 0;");
            for (var row = 0; row < rows; row++)
            {
                writer.Line($"Vector128<int> {Each(v => $"{Sum(row, v)} = V128.Create({end.Start}, 0, {end.Start}, 0)", ", ")};");
            }

            using (writer.Block("for (; w < end; w += 64)"))
            {
                // All products of a row before the first is added, and the next row on its way meanwhile: cores that issue in order would wait for both.
                string Row(int row) => $"x = Vector64.Load((sbyte*)(a{Text(row)} + i));";
                writer.Line($"Vector64<sbyte> {Row(0)} Vector64<sbyte> {Each(v => $"w{Text(v)} = Vector64.Load(w + {Text(8 * v)})", ", ")};");
                writer.Line($"Vector128<short> {Each(v => "p" + Text(v), ", ")};");
                for (var row = 0; row < rows; row++)
                {
                    writer.Line(Each(v => $"p{Text(v)} = {Arm}.MultiplyWideningLower(x, w{Text(v)});") + (row + 1 < rows ? " " + Row(row + 1) : ""));
                    writer.Line(Each(v => $"{Sum(row, v)} = {Arm}.AddPairwiseWideningAndAdd({Sum(row, v)}, p{Text(v)});"));
                }

                writer.Line("i += 8;");
            }

            for (var row = 0; row < rows; row++)
            {
                var scale = "r" + Text(row);
                if (end.Scales)
                {
                    writer.Line($"var r{Text(row)} = V128.CreateScalarUnsafe(rowScales[{Text(row)}]);");
                }

                for (var v = 0; v < Vectors; v += 2)
                {
                    var column = v == 0 ? "" : $" + {Text(2 * v)}";
                    var sums = $"{Arm}.Arm64.AddPairwise({Sum(row, v)}, {Sum(row, v + 1)})";
                    writer.Line(
                        $"({end.Floats(sums, "V128", floats => $"{Arm}.MultiplyBySelectedScalar({floats}, {scale}, 0)", column)})"
                            + $".Store(c{(row == 0 ? "" : $" + {Text(row)} * ldc")}{column});");
                }
            }
        }
    }
}
