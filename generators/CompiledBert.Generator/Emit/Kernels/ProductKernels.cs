using System.Globalization;

namespace CompiledBert.Generator.Emit;

/// <summary>Products of operands that exist only at run time: packing into panels, and a block of rows by all panels.</summary>
internal static class ProductKernels
{
    /// <summary>C# expression of the rows of the largest tile.</summary>
    /// <remarks>The 128-bit variant has 32 registers on Arm and 16 on x64; the runtime folds the choice.</remarks>
    public static string TileRows(VectorTarget target) => target == VectorTarget.Vector128
        ? $"(global::System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.IsSupported ? {Text(target.MaxTileRows)} : 2)"
        : Text(target.MaxTileRows);

    /// <summary>
    /// Needs <c>Product(rows, a, lda, b, k, n, c, ldc)</c>: at most a tile's rows of C = A·B, where B is packed in panels <c>[⌈n/16⌉][k][16]</c>.
    /// C is written in whole panels.
    /// </summary>
    public static string NeedProduct(MicroKernels kernels, VectorTarget target) => kernels.Need("Product", (writer, _) =>
    {
        var wide = TileKernels.Need(kernels, target, target.PanelsPerTile);
        writer.Line("// Rows of C = A·B for packed B; C is written in whole panels.");
        writer.Line("[MethodImpl(MethodImplOptions.AggressiveOptimization)]");
        using (writer.Block("private static void Product(long rows, float* a, long lda, float* b, long k, long n, float* c, long ldc)"))
        {
            var step = Text(16 * target.PanelsPerTile);
            using (writer.Block($"for (long j = 0; j < n; j += {step}, b += {step} * k)"))
            {
                if (target.PanelsPerTile == 1)
                {
                    writer.Line($"{wide}(rows, a, lda, b, 16 * k, c + j, ldc, k, null, (byte*)b, 0);");
                }
                else
                {
                    writer.Line($"if (n - j > 16) {wide}(rows, a, lda, b, 16 * k, c + j, ldc, k, null, (byte*)b, 0);");
                    writer.Line($"else {TileKernels.Need(kernels, target, 1)}(rows, a, lda, b, 16 * k, c + j, ldc, k, null, (byte*)b, 0);");
                }
            }
        }
    });

    /// <summary>
    /// Needs <c>Pack(b, rowStride, columnStride, k, n, panels)</c>: a matrix [k, n] at any strides into panels <c>[⌈n/16⌉][k][16]</c>. What a last panel has
    /// beyond n is some of its numbers again, or zeros: it makes columns of results that nobody reads.
    /// Rows or columns that lie together are read as vectors.
    /// </summary>
    public static string NeedPack(MicroKernels kernels) => kernels.Need("Pack", (writer, _) => writer.Lines("""
        // A matrix [k, n] into panels of 16 columns: the transposition of 4 × 4 blocks where a column lies together, the last one again for columns that are not there.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Pack(float* b, long rowStride, long columnStride, long k, long n, float* panels)
        {
            for (long j = 0; j < n; j += 16, panels += 16 * k)
            {
                float* from = b + j * columnStride;
                long columns = Math.Min(16, n - j), i = 0;
                if (columns == 16 && columnStride == 1)
                {
                    for (; i < k; i++)
                    {
                        float* row = from + i * rowStride;
                        for (int v = 0; v < 16; v += VF.Count) V.Load(row + v).Store(panels + 16 * i + v);
                    }
                }
                else if (rowStride == 1)
                {
                    for (long v = 0, end = columns - 1; v < 16; v += 4)
                    {
                        float* c0 = from + Math.Min(v, end) * columnStride, c1 = from + Math.Min(v + 1, end) * columnStride;
                        float* c2 = from + Math.Min(v + 2, end) * columnStride, c3 = from + Math.Min(v + 3, end) * columnStride;
                        for (i = 0; i + 4 <= k; i += 4) Transpose(c0 + i, c1 + i, c2 + i, c3 + i, panels + 16 * i + v);
                    }
                }
                for (; i < k; i++)
                {
                    for (long v = 0; v < 16; v++) panels[16 * i + v] = v < columns ? from[i * rowStride + v * columnStride] : 0;
                }
            }
        }

        // 4 × 4 floats: rows become columns of rows 16 apart.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Transpose(float* a, float* b, float* c, float* d, float* to)
        {
            var r0 = V128.Load(a); var r1 = V128.Load(b); var r2 = V128.Load(c); var r3 = V128.Load(d);
            var low01 = Interleave(r0, r1, false); var high01 = Interleave(r0, r1, true);
            var low23 = Interleave(r2, r3, false); var high23 = Interleave(r2, r3, true);
            Halves(low01, low23, false).Store(to);
            Halves(low01, low23, true).Store(to + 16);
            Halves(high01, high23, false).Store(to + 32);
            Halves(high01, high23, true).Store(to + 48);
        }

        // a0 b0 a1 b1, or a2 b2 a3 b3.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector128<float> Interleave(Vector128<float> a, Vector128<float> b, bool high)
        {
            if (global::System.Runtime.Intrinsics.X86.Sse.IsSupported)
            {
                return high ? global::System.Runtime.Intrinsics.X86.Sse.UnpackHigh(a, b) : global::System.Runtime.Intrinsics.X86.Sse.UnpackLow(a, b);
            }
            if (global::System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.IsSupported)
            {
                return high ? global::System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.ZipHigh(a, b) : global::System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.ZipLow(a, b);
            }
            return high ? V128.Create(a[2], b[2], a[3], b[3]) : V128.Create(a[0], b[0], a[1], b[1]);
        }

        // a0 a1 b0 b1, or a2 a3 b2 b3, without a way through memory.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector128<float> Halves(Vector128<float> a, Vector128<float> b, bool high)
        {
            if (global::System.Runtime.Intrinsics.X86.Sse.IsSupported)
            {
                return high ? global::System.Runtime.Intrinsics.X86.Sse.MoveHighToLow(b, a) : global::System.Runtime.Intrinsics.X86.Sse.MoveLowToHigh(a, b);
            }
            if (global::System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.IsSupported)
            {
                return (high ? global::System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.ZipHigh(a.AsDouble(), b.AsDouble()) : global::System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.ZipLow(a.AsDouble(), b.AsDouble())).AsSingle();
            }
            return high ? V128.Create(a[2], a[3], b[2], b[3]) : V128.Create(a[0], a[1], b[0], b[1]);
        }
        """));

    /// <summary>
    /// Needs <c>Softmax(row, n, scales, rows)</c>: replaces the scores of some rows, one after the other of n each, a multiple of 16, by exp(score − largest),
    /// and each row's largest score in <c>scales</c> by 1 over their sum. Scores that do not count are −∞. A row of nothing but −∞ becomes NaN, as it does in
    /// the formula.
    /// </summary>
    public static string NeedSoftmax(MicroKernels kernels)
    {
        return kernels.Need("Softmax", (writer, target) =>
        {
            VectorMath.Need(kernels, "expshare", 1);
            writer.Lines($$"""
                // Rows of exp(score − largest) in place; in place of the largest, 1 over the sum.
                [MethodImpl(MethodImplOptions.AggressiveOptimization)]
                private static void Softmax(float* row, long n, float* scales, long rows)
                {
                    for (long r = 0; r < rows; r++, row += n)
                    {
                        VF top = V.Create(scales[r]), sum = VF.Zero;
                        {{Exponentials(target).Replace("\n", "\n        ")}}
                        Vector128<float> four = {{Four(target, "sum", "V128.Add")}}{{(target == VectorTarget.Avx2 ? " + (sum1.GetLower() + sum1.GetUpper())" : "")}};
                        four += V128.Shuffle(four, V128.Create(2, 3, 0, 1));
                        scales[r] = 1 / (four[0] + four[1]);
                    }
                }
                """);
        });
    }

    // Across the lanes by halves: two vectors of half the length, down to four floats.
    private static string Four(VectorTarget target, string vector, string op) => target.Bits switch
    {
        512 =>
            $"{op}({op}({vector}.GetLower().GetLower(), {vector}.GetLower().GetUpper()), {op}({vector}.GetUpper().GetLower(), {vector}.GetUpper().GetUpper()))",
        256 => $"{op}({vector}.GetLower(), {vector}.GetUpper())",
        _ => vector,
    };

    // Sixteen scores an iteration, in sixteen sums on every variant; with vectors of 128 bits, line by line of all four, since cores that
    // issue in order wait for each line's result.
    private static string Exponentials(VectorTarget target)
    {
        if (target == VectorTarget.Avx512)
        {
            return """
                for (long i = 0; i < n; i += VF.Count)
                {
                    VF e = ExpShare(V.Load(row + i) - top);
                    e.Store(row + i);
                    sum += e;
                }
                """;
        }

        if (target == VectorTarget.Avx2)
        {
            return """
                VF sum1 = VF.Zero;
                for (long i = 0; i < n; i += 16)
                {
                    VF e = ExpShare(V.Load(row + i) - top), e1 = ExpShare(V.Load(row + i + 8) - top);
                    e.Store(row + i);
                    e1.Store(row + i + 8);
                    sum += e;
                    sum1 += e1;
                }
                """;
        }

        var vectors = Enumerable.Range(0, 4).Select(Text).ToArray();
        var lines = VectorMath.Lines("expshare")!;
        string Side(Func<string, string> write) => "    " + string.Join(" ", vectors.Select(write)) + "\n";
        return "VF sum1 = VF.Zero, sum2 = VF.Zero, sum3 = VF.Zero;\nfor (long i = 0; i < n; i += 16)\n{\n"
            + Side(v => $"VF x{v} = V.Load(row + i + 4 * {v}) - top;")
            + string.Concat(lines.Select(line => Side(v => $"VF {line.Name}{v} = {line.Text(name => name + v)};")))
            + Side(v => $"y{v}.Store(row + i + 4 * {v});")
            + Side(v => $"sum{(v == "0" ? "" : v)} += y{v};")
            + "}\nsum = sum + sum1 + (sum2 + sum3);";
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
