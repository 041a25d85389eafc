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
    public override bool ReadsRows => true;

    /// <inheritdoc/>
    public override bool ConvertsSlowly => true;

    /// <inheritdoc/>
    /// <remarks>
    /// Cores that issue in order also finish in order: what is done sooner than the product before it waits. A load by register and register takes as long as
    /// a product, and goes beside one; so there is an index for B, which moves on twice in a turn of four groups, and one for A. What a turn begins with is
    /// loaded in the turn before: up to 16 bytes behind A's rows and B are read, and never used.
    /// </remarks>
    protected override void WriteTile(CodeWriter writer, MicroKernels kernels, int rows, int panels, TileEnd end)
    {
        writer.Line("long quads = groups >> 2;");
        writer.Line($"sbyte* {string.Join(", ", Enumerable.Range(0, 8).Select(v => $"b{Text(v)} = b + 256 * quads{(v == 0 ? "" : $" + {Text(16 * v)}")}"))};");
        using (writer.Block($"for (; tiles > 0; tiles--, a += {Text(rows)} * lda, c += ldc, rowScales += {Text(rows)})"))
        {
            WriteProducts(writer, rows, end);
            WriteEnd(writer, rows, end);
        }
    }

    private static string Sum(int row, int vector) => $"{(char)('s' + vector)}{Text(row)}";

    private static void WriteProducts(CodeWriter writer, int rows, TileEnd end)
    {
        var all = Enumerable.Range(0, rows).ToArray();
        writer.Line("long i = -256 * quads, l = -16 * quads;");
        writer.Line($"byte* {string.Join(", ", all.Select(r => r == 0 ? "a0 = a - l" : $"a{Text(r)} = a{Text(r - 1)} + lda"))};");
        foreach (var row in all)
        {
            writer.Line($"Vector128<int> {string.Join(", ", Enumerable.Range(0, 4).Select(v => $"{Sum(row, v)} = V128.Create({end.Start})"))};");
        }

        // Vectors of B take turns in two variables; those of A, a row each, stay for four groups.
        string Weights(int vector) => vector % 2 == 0 ? "even" : "odd";
        string Row(int row) => $"x{Text(row)} = V128.Load((sbyte*)a{Text(row)} + l);";
        writer.Line($"Vector128<sbyte> even = V128.Load(b0 + i), odd;");
        writer.Line(string.Join(" ", all.Select(r => "Vector128<sbyte> " + Row(r))));
        List<string> Products(int vector) =>
        [
            .. all.Select(row => $"{Sum(row, vector % 4)} = {Arm}Dp.DotProductBySelectedQuadruplet({Sum(row, vector % 4)}, {Weights(vector)}, x{Text(row)}, {Text(vector / 4)});"),
        ];
        using (writer.Block("while (i != 0)"))
        {
            for (var v = 0; v < 16; v++)
            {
                var line = Products(v);
                if (v % 8 == 6)
                {
                    line.Insert(Math.Min(3, rows), v == 14 ? "i += 128; l += 16;" : "i += 128;");
                }

                if (v < 15)
                {
                    line.Insert(v % 8 == 7 ? Math.Min(2, rows) : 1, $"{Weights(v + 1)} = V128.Load(b{Text((v + 1) % 8)} + i);");
                }
                else
                {
                    line = [.. line.Zip(all, (product, row) => $"{product} {Row(row)}")];
                    line.Insert(Math.Min(2, rows), "even = V128.Load(b0 + i);");
                }

                writer.Line(string.Join(" ", line));
            }
        }

        for (var group = 0; group < 3; group++)
        {
            using (writer.Block($"if ((groups & 3) > {Text(group)})"))
            {
                for (var v = 4 * group; v < 4 * group + 4; v++)
                {
                    writer.Line($"{Weights(v)} = V128.Load(b{Text(v % 8)}{(v < 8 ? "" : " + 128")}); {string.Join(" ", Products(v))}");
                }
            }
        }
    }

    // Operation by operation, so that none waits for the one before. What is stored has no name: a multiply-add into one would be copied there. Two vectors at
    // a time: cores that issue out of order take as long to store one.
    private static void WriteEnd(CodeWriter writer, int rows, TileEnd end)
    {
        var columns = Enumerable.Range(0, 4).ToArray();
        string Each(Func<int, string> write) => string.Join(" ", columns.Select(write));
        string At(int vector) => vector == 0 ? "" : $" + {Text(4 * vector)}";
        writer.Line($"Vector128<float> {string.Join(", ", columns.Select(v => $"f{Text(v)}"))};");
        if (end.Scales)
        {
            writer.Line($"Vector128<float> {string.Join(", ", columns.Select(v => $"scale{Text(v)} = V128.Load(scales{At(v)})"))};");
        }

        foreach (var row in Enumerable.Range(0, rows))
        {
            writer.Line(Each(v => $"f{Text(v)} = {end.Converted(Sum(row, v), "V128", At(v))};"));
            if (end.Scales)
            {
                writer.Line($"Vector128<float> r{Text(row)} = V128.CreateScalarUnsafe(rowScales[{Text(row)}]); {Each(v => $"f{Text(v)} = {Arm}AdvSimd.MultiplyBySelectedScalar(f{Text(v)}, r{Text(row)}, 0);")}");
            }

            string Result(int v) => !end.Scales ? $"f{Text(v)}"
                : end.AddsBias ? $"V128.MultiplyAddEstimate(f{Text(v)}, scale{Text(v)}, V128.Load(bias{At(v)}))"
                : $"f{Text(v)} * scale{Text(v)}";
            writer.Line(string.Join(" ", columns.Where(v => v % 2 == 0).Select(v => $"{Arm}AdvSimd.Arm64.StorePair(c{At(v)}, {Result(v)}, {Result(v + 1)});")) + (row + 1 < rows ? " c += ldc;" : ""));
        }
    }
}
