namespace CompiledBert.Generator.Emit;

/// <summary>
/// Products through Arm's SDOT: four products a lane, four columns a vector, the row chosen out of a vector that holds four neighbours of K of four rows.
/// </summary>
internal sealed class DotProductKernel : IntegerKernel
{
    private const string Arm = "global::System.Runtime.Intrinsics.Arm.";

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
    protected override void WriteTile(CodeWriter writer, MicroKernels kernels, int rows, int panels, TileEnd end)
    {
        LaneTurns.WriteColumns(writer, "groups >> 2");
        using (writer.Block($"for (; tiles > 0; tiles--, a += {Text(rows)} * lda, c += ldc, rowScales += {Text(rows)})"))
        {
            for (var row = 0; row < rows; row++)
            {
                writer.Line($"Vector128<int> {string.Join(", ", Enumerable.Range(0, 4).Select(v => $"{LaneTurns.Sum(row, v)} = V128.Create({end.Start})"))};");
            }

            var turns = new LaneTurns("sbyte", rows, (sum, weights, row, lane) =>
                $"{Arm}Dp.DotProductBySelectedQuadruplet({sum}, {weights}, {row}, {Text(lane)})");
            turns.Write(writer, "lda");
            turns.WriteRest(writer, "(groups & 3)");
            WriteEnd(writer, rows, end);
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
            writer.Line(Each(v => $"f{Text(v)} = {end.Converted(LaneTurns.Sum(row, v), "V128", At(v))};"));
            if (end.Scales)
            {
                writer.Line(
                    $"Vector128<float> r{Text(row)} = V128.CreateScalarUnsafe(rowScales[{Text(row)}]); "
                        + $"{Each(v => $"f{Text(v)} = {Arm}AdvSimd.MultiplyBySelectedScalar(f{Text(v)}, r{Text(row)}, 0);")}");
            }

            string Result(int v) => !end.Scales ? $"f{Text(v)}"
                : end.AddsBias ? $"V128.MultiplyAddEstimate(f{Text(v)}, scale{Text(v)}, V128.Load(bias{At(v)}))"
                : $"f{Text(v)} * scale{Text(v)}";
            writer.Line(
                string.Join(" ", columns.Where(v => v % 2 == 0).Select(v => $"{Arm}AdvSimd.Arm64.StorePair(c{At(v)}, {Result(v)}, {Result(v + 1)});"))
                    + (row + 1 < rows ? " c += ldc;" : ""));
        }
    }
}
