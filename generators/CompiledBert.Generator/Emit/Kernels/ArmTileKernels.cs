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
    public const string IsSupported = "System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.IsSupported";

    private const string Arm = "System.Runtime.Intrinsics.Arm.AdvSimd.Arm64";

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
                writer.Line($"VF {string.Join(", ", Enumerable.Range(0, Vectors).Select(v => Sum(row, v) + " = default"))};");
            }

            writer.Line(string.Join(" ", Enumerable.Range(0, rows).Select(row => row == 0 ? "float* a0 = a;" : $"float* a{Text(row)} = a{Text(row - 1)} + lda;")));
            writer.Line("float* end = b + 16 * (k & ~3L);");
            writer.Line("long i = 0;");
            using (writer.Block("for (; b < end; b += 64)"))
            {
                writer.Line("VF " + string.Join(", ", Enumerable.Range(0, rows).Select(row => $"x{Text(row)} = V.Load((float*)((byte*)a{Text(row)} + i))")) + ";");
                writer.Line("VF b0 = V.Load(b);");
                for (var at = 0; at < 16; at++)
                {
                    // The next vector of B is on its way while this one is used.
                    var step = at / Vectors;
                    var products = Enumerable.Range(0, rows).Select(row => $"{Sum(row, at % Vectors)} = {Arm}.FusedMultiplyAddBySelectedScalar({Sum(row, at % Vectors)}, b{Text(at)}, x{Text(row)}, {Text(step)});").ToList();
                    if (at < 15)
                    {
                        products.Insert(Math.Min(1, products.Count), $"VF b{Text(at + 1)} = V.Load(b + {Text(4 * (at + 1))});");
                    }

                    writer.Line(string.Join(" ", products));
                }

                writer.Line("i += 16;");
            }

            writer.Line(string.Join(" ", Enumerable.Range(0, rows).Select(row => $"a{Text(row)} = (float*)((byte*)a{Text(row)} + i);")));
            using (writer.Block("for (long rest = k & 3; rest > 0; rest--, b += 16)"))
            {
                writer.Line("VF " + string.Join(", ", Enumerable.Range(0, Vectors).Select(v => $"y{Text(v)} = V.Load(b + {Text(4 * v)})")) + ", x;");
                for (var row = 0; row < rows; row++)
                {
                    writer.Line($"x = V.Create(*a{Text(row)}++); " + string.Join(" ", Enumerable.Range(0, Vectors).Select(v => $"{Sum(row, v)} = Mad(x, y{Text(v)}, {Sum(row, v)});")));
                }
            }

            using (writer.Block("if (bias != null)"))
            {
                for (var v = 0; v < Vectors; v++)
                {
                    writer.Line($"VF z{Text(v)} = V.Load(bias + {Text(4 * v)}); " + string.Join(" ", Enumerable.Range(0, rows).Select(row => $"{Sum(row, v)} += z{Text(v)};")));
                }
            }

            for (var row = 0; row < rows; row++)
            {
                writer.Line(string.Join(" ", Enumerable.Range(0, Vectors).Select(v => $"{Sum(row, v)}.Store(c{(v == 0 ? "" : " + " + Text(4 * v))});")) + (row + 1 < rows ? " c += ldc;" : ""));
            }
        }
    });

    private static string Sum(int row, int vector) => $"{(char)('s' + vector)}{Text(row)}";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
