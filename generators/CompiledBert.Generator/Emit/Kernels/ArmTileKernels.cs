using System.Globalization;

namespace CompiledBert.Generator.Emit;

/// <summary>
/// The register tiles of <see cref="TileKernels"/> for Arm: some rows by 16 columns with multiply-adds by lane. A vector of A holds four neighbours of
/// K, each of which is a lane that multiplies a vector of B, so rows of A are read as they lie and nothing is spread over lanes first.
/// </summary>
/// <remarks>The chain of every element is that of the other tiles: over k in order, from zero, the bias last.</remarks>
internal static class ArmTileKernels
{
    /// <summary>C# expression that says whether these kernels run; the compilers fold it.</summary>
    public const string IsSupported = "global::System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.IsSupported";

    private const string Arm = "global::System.Runtime.Intrinsics.Arm.AdvSimd.Arm64";

    private const int Vectors = 4;

    /// <summary>Needs the kernel of a height, <c>Tile16_{rows}_Arm</c>.</summary>
    /// <param name="kernels">The registry of the 128-bit variant.</param>
    /// <param name="rows">Rows of the tile.</param>
    /// <param name="parameters">The parameters that all tile kernels have.</param>
    /// <returns>The method's name.</returns>
    public static string Need(MicroKernels kernels, int rows, string parameters) => kernels.Need($"Tile16_{Text(rows)}_Arm", (writer, _) =>
    {
        using (writer.Block($"""
            [MethodImpl(MethodImplOptions.AggressiveOptimization)]
            private static void Tile16_{Text(rows)}_Arm({parameters})
            """))
        {
            for (var row = 0; row < rows; row++)
            {
                writer.Line($"VF {string.Join(", ", Enumerable.Range(0, Vectors).Select(v => LaneTurns.Sum(row, v) + " = default"))};");
            }

            LaneTurns.WriteColumns(writer, "k >> 2");
            new LaneTurns("float", rows, (sum, weights, row, lane) =>
                $"{Arm}.FusedMultiplyAddBySelectedScalar({sum}, {weights}, {row}, {Text(lane)})").Write(writer, "4 * lda");
            writer.Line("b = (float*)b0;");
            using (writer.Block("for (long rest = k & 3; rest > 0; rest--, b += 16)"))
            {
                writer.Line("VF " + string.Join(", ", Enumerable.Range(0, Vectors).Select(v => $"y{Text(v)} = V.Load(b + {Text(4 * v)})")) + ", x;");
                for (var row = 0; row < rows; row++)
                {
                    writer.Line($"x = V.Create(*(float*)a{Text(row)}); a{Text(row)} += 4; "
                        + string.Join(" ", Enumerable.Range(0, Vectors)
                            .Select(v => $"{LaneTurns.Sum(row, v)} = Mad(x, y{Text(v)}, {LaneTurns.Sum(row, v)});")));
                }
            }

            using (writer.Block("if (bias != null)"))
            {
                for (var v = 0; v < Vectors; v++)
                {
                    writer.Line($"VF z{Text(v)} = V.Load(bias + {Text(4 * v)}); "
                        + string.Join(" ", Enumerable.Range(0, rows).Select(row => $"{LaneTurns.Sum(row, v)} += z{Text(v)};")));
                }
            }

            for (var row = 0; row < rows; row++)
            {
                writer.Line(
                    string.Join(" ", Enumerable.Range(0, Vectors).Select(v => $"{LaneTurns.Sum(row, v)}.Store(c{(v == 0 ? "" : " + " + Text(4 * v))});"))
                        + (row + 1 < rows ? " c += ldc;" : ""));
            }
        }
    });

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
