using System.Globalization;

namespace CompiledBert.Generator.Emit;

/// <summary>
/// Micro-kernels of all matrix products: C[r, j] = Σₖ A[r, k]·B[k, j] (+ bias[j]) for a register tile of some rows by one or two panels of 16 columns.
/// </summary>
/// <remarks>
/// Every element is one chain of multiply-adds over k in order, from zero, the bias added last. So its bits depend on nothing but its row, its column
/// and k: not on the tile's height, the panels beside it, or who computes the rows around it.
/// Where k is cut into blocks the chain goes on from C, which is exact.
/// </remarks>
internal static class TileKernels
{
    // Rows of B that are asked for ahead of their use: a panel comes from the second-level cache, whose latency 32 rows of a tile hide with room to spare.
    private const int RowsAhead = 32;

    private const string Parameters = "float* a, long lda, float* b, long ldb, float* c, long ldc, long k, float* bias, byte* next, long step";

    /// <summary>
    /// Needs the kernels of one width and all heights, and the method that picks one by its rows:
    /// <c>Tile{columns}(rows, a, lda, b, ldb, c, ldc, k, bias)</c>. Panels of B are <c>ldb</c> floats apart; C is written in full panels; a null bias is none.
    /// </summary>
    /// <param name="kernels">The variant's registry.</param>
    /// <param name="target">The variant.</param>
    /// <param name="panels">Panels of a tile, at most the target's.</param>
    /// <returns>The method's name.</returns>
    public static string Need(MicroKernels kernels, VectorTarget target, int panels)
    {
        var columns = Text(16 * panels);
        return kernels.Need($"Tile{columns}", (writer, _) =>
        {
            var heights = Enumerable.Range(1, target.MaxTileRows).Select(rows => (rows, name: NeedHeight(kernels, target, rows, panels))).ToArray();
            writer.Line($"// A tile of some rows × {columns} columns.");
            writer.Line("[MethodImpl(MethodImplOptions.AggressiveOptimization)]");
            using (writer.Block($"private static void Tile{columns}(long rows, {Parameters})"))
            {
                if (target == VectorTarget.Vector128)
                {
                    using (writer.Block($"if ({ArmTileKernels.IsSupported})"))
                    {
                        Switch(writer, [.. heights.Select(h => (h.rows, ArmTileKernels.Need(kernels, h.rows, Parameters)))], "return;");
                    }
                }

                Switch(writer, heights, "");
            }
        });

        static void Switch(CodeWriter writer, IReadOnlyList<(int Rows, string Name)> heights, string end)
        {
            using (writer.Block("switch (rows)"))
            {
                foreach (var (rows, name) in heights)
                {
                    writer.Line($"case {Text(rows)}: {name}(a, lda, b, ldb, c, ldc, k, bias, next, step); return;");
                }
            }

            if (end.Length > 0)
            {
                writer.Line(end);
            }
        }
    }

    private static string NeedHeight(MicroKernels kernels, VectorTarget target, int rows, int panels)
    {
        NeedMad(kernels);
        kernels.Need("At", (writer, _) =>
        {
            writer.Line("[MethodImpl(MethodImplOptions.AggressiveInlining)]");
            writer.Line("private static VF At(float* a) => V.Create(*a);");
            writer.Line("[MethodImpl(MethodImplOptions.AggressiveInlining)]");
            writer.Line("private static VF At(float* a, long bytes) => V.Create(*(float*)((byte*)a + bytes));");
        });
        NeedFetch(kernels);
        return kernels.Need($"Tile{Text(16 * panels)}_{Text(rows)}", (writer, _) =>
        {
            using (writer.Block($"""
                [MethodImpl(MethodImplOptions.AggressiveOptimization)]
                private static void Tile{Text(16 * panels)}_{Text(rows)}({Parameters})
                """))
            {
                Broadcast(writer, target, rows, panels);
            }
        });
    }

    /// <summary>
    /// Needs <c>Fetch(p)</c> and <c>FetchNear(p)</c>: ask for the cache line at p, which may be any address, where the processor can be asked.
    /// </summary>
    public static string NeedFetch(MicroKernels kernels) => kernels.Need("Fetch", (writer, _) =>
    {
        // To the second-level cache, and to the first.
        foreach (var (name, level) in new[] { ("Fetch", "Prefetch1"), ("FetchNear", "Prefetch0") })
        {
            writer.Line("[MethodImpl(MethodImplOptions.AggressiveInlining)]");
            using (writer.Block($"private static void {name}(void* p)"))
            using (writer.Block("if (global::System.Runtime.Intrinsics.X86.Sse.IsSupported)"))
            {
                writer.Line($"global::System.Runtime.Intrinsics.X86.Sse.{level}(p);");
            }
        }
    });

    /// <summary>
    /// Needs <c>FetchRows(p, span, stride, bytes)</c>: asks for so many bytes at each stride of a span, to the second-level cache, where the
    /// processor can be asked. The span may lie anywhere.
    /// </summary>
    public static string NeedFetchRows(MicroKernels kernels) => kernels.Need("FetchRows", (writer, _) => writer.Lines("""
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void FetchRows(byte* p, long span, long stride, long bytes)
        {
            if (global::System.Runtime.Intrinsics.X86.Sse.IsSupported)
            {
                for (long at = 0; at < span; at += stride)
                {
                    for (long i = 0; i < bytes; i += 64) global::System.Runtime.Intrinsics.X86.Sse.Prefetch1(p + at + i);
                }
            }
        }
        """));

    /// <summary>Needs <c>Mad(x, y, z)</c>: x·y + z in one instruction where the variant has it.</summary>
    public static string NeedMad(MicroKernels kernels) =>
        kernels.Need("Mad", (writer, target) => writer.Lines($"""
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            private static VF Mad(VF x, VF y, VF z) => {target.Fma("x", "y", "z")};
            """));

    private static void Broadcast(CodeWriter writer, VectorTarget target, int rows, int panels)
    {
        var vectors = panels * target.VectorsPerPanel;
        string Sum(int row, int vector) => $"{(char)('s' + vector)}{Text(row)}";
        var all = Enumerable.Range(0, rows).Select(row => Enumerable.Range(0, vectors).Select(vector => Sum(row, vector)).ToArray()).ToArray();
        foreach (var sums in all)
        {
            writer.Line($"VF {string.Join(", ", sums.Select(s => s + " = default"))};");
        }

        // Rows are addressed from every third one, [p], [p + l], [p + 2·l], so that twelve rows take few registers.
        var pointers = Enumerable.Range(0, (rows + 2) / 3).Select(i => $"a{Text(i)}").ToArray();
        writer.Line($"float* {string.Join(", ", pointers.Select((p, i) => i == 0 ? $"{p} = a" : $"{p} = {pointers[i - 1]} + 3 * lda"))}, end = b + 16 * k;");
        writer.Line("long l = 4 * lda, half = k * step;");

        // Results that lie further away than the second-level cache are on their way while the sums are made: no store waits for its line.
        writer.Line(string.Join(" ",
            from row in Enumerable.Range(0, rows)
            from panel in Enumerable.Range(0, panels)
            select $"Fetch(c + {Text(row)} * ldc + {Text(16 * panel)});"));
        var loads = Enumerable.Range(0, vectors).Select(v => (name: $"b{Text(v)}", from: Column(target, v))).ToArray();
        using (writer.Block("for (; b < end; b += 16)"))
        {
            writer.Line($"VF {string.Join(", ", loads.Select(l => $"{l.name} = V.Load({l.from})"))}, x;");
            for (var row = 0; row < rows; row++)
            {
                var at = (row % 3) switch { 0 => "", 1 => ", l", _ => ", 2 * l" };
                writer.Line($"x = At({pointers[row / 3]}{at}); " + string.Join(" ", all[row].Select((s, v) => $"{s} = Mad(x, {loads[v].name}, {s});")));
            }

            writer.Line(string.Join(" ", pointers.Select(p => p + "++;")));
            writer.Line(
                $"Fetch(next); Fetch(next + half); next += step; FetchNear(b + {Text(16 * RowsAhead)});"
                    + $"{(panels > 1 ? $" FetchNear(b + ldb + {Text(16 * RowsAhead)});" : "")}");
        }

        using (writer.Block("if (bias != null)"))
        {
            for (var v = 0; v < vectors; v++)
            {
                writer.Line($"VF b{Text(v)} = V.Load(bias + {Text(v * target.Lanes)}); " + string.Join(" ", all.Select(sums => $"{sums[v]} += b{Text(v)};")));
            }
        }

        for (var row = 0; row < rows; row++)
        {
            writer.Line(
                string.Join(" ", all[row].Select((s, v) => $"{s}.Store(c{(v == 0 ? "" : " + " + Text(v * target.Lanes))});"))
                    + (row + 1 < rows ? " c += ldc;" : ""));
        }
    }

    private static string Column(VectorTarget target, int vector)
    {
        var panel = vector / target.VectorsPerPanel;
        var offset = vector % target.VectorsPerPanel * target.Lanes;
        return "b" + (panel == 0 ? "" : " + ldb") + (offset == 0 ? "" : " + " + Text(offset));
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
