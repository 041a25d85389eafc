using System.Globalization;
using CompiledBert.Compiler;
using CompiledBert.Generator.Emit.Loops;

namespace CompiledBert.Generator.Emit;

/// <summary>What attention with integers does beside its products: rounding queries, keys and values, and probabilities in whole numbers.</summary>
internal static class IntegerAttentionKernels
{
    // Neighbours far apart; each query's thresholds are the one's before, moved on by 11.
    private static readonly int[] Dither = [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15];

    /// <summary>
    /// Needs <c>QuantizeRows(x, ldx, rows, n, to, ldto, scales, sums)</c>: rows of floats as 8-bit integers, each in steps of its largest element / 127, zeros
    /// after them up to ldto; the sums of the integers where <c>sums</c> is not null.
    /// </summary>
    public static string NeedQuantizeRows(MicroKernels kernels)
    {
        var (narrow, most, sum) =
            (ByteVectors.Narrow(kernels, DataType.Int8, isRaw: true), VectorKernels.Across(kernels, "max"), VectorKernels.Across(kernels, "sum"));
        var rounded = VectorOps.RoundedProduct("V.Load(x + i)", "factors", kernels);
        var needsSums = IntegerKernel.For(kernels.Target).Any(k => k.Bias != 0);
        return kernels.Need("QuantizeRows", (writer, target) =>
        {
            writer.Line("// Rows of floats as 8-bit integers, each in steps of its largest element / 127, zeros after them.");
            writer.Line("[MethodImpl(MethodImplOptions.AggressiveOptimization)]");
            using (writer.Block("private static void QuantizeRows(float* x, long ldx, long rows, long n, sbyte* to, long ldto, float* scales, float* sums)"))
            using (writer.Block("for (long r = 0; r < rows; r++, x += ldx, to += ldto)"))
            {
                writer.Line("long i = 0;");
                writer.Line("VF top = VF.Zero, all = VF.Zero;");
                if (target == VectorTarget.Vector128)
                {
                    // Sixteen elements an iteration, so that none waits for the one before.
                    writer.Line("VF top1 = top, top2 = top, top3 = top;");
                    writer.Line(
                        "for (; i <= n - 16; i += 16) { top = V.Max(top, V.Abs(V.Load(x + i))); top1 = V.Max(top1, V.Abs(V.Load(x + i + 4))); "
                            + "top2 = V.Max(top2, V.Abs(V.Load(x + i + 8))); top3 = V.Max(top3, V.Abs(V.Load(x + i + 12))); }");
                    writer.Line("top = V.Max(V.Max(top, top1), V.Max(top2, top3));");
                }

                writer.Line("for (; i <= n - VF.Count; i += VF.Count) top = V.Max(top, V.Abs(V.Load(x + i)));");
                writer.Line($"float most = {most}(top), rest = 0;");
                writer.Line("for (; i < n; i++) most = MathF.Max(most, MathF.Abs(x[i]));");
                writer.Line("scales[r] = most * (1 / 127f);");
                writer.Line("float factor = most > 1e-36f ? 127f / most : 0f;");
                writer.Line("VF factors = V.Create(factor);");
                writer.Line("i = 0;");
                if (target == VectorTarget.Vector128)
                {
                    var four = Enumerable.Range(0, 4).Select(v => VectorOps.RoundedProduct($"V.Load(x + i + {Text(4 * v)})", "factors", kernels));
                    writer.Line(
                        $"for (; i <= n - 16; i += 16) {ByteVectors.NarrowFour(kernels, DataType.Int8, isRaw: true)}(to + i, {string.Join(", ", four)});");
                }

                using (writer.Block("for (; i <= n - VF.Count; i += VF.Count)"))
                {
                    writer.Line($"VF whole = {rounded};");
                    if (needsSums)
                    {
                        writer.Line($"all += whole - {VectorOps.WholeOffset};");
                    }

                    writer.Line($"{narrow}(to + i, whole);");
                }

                using (writer.Block("for (; i < n; i++)"))
                {
                    writer.Line($"float whole = {ScalarOps.Text("roundmul", DataType.Float32, DataType.Float32, ["x[i]", "factor"], kernels)};");
                    writer.Line("rest += whole;");
                    writer.Line("to[i] = (sbyte)whole;");
                }

                writer.Line("for (; i < ldto; i++) to[i] = 0;");
                writer.Line($"if (sums != null) sums[r] = {sum}(all) + rest;");
            }
        });
    }

    /// <summary>
    /// Needs <c>PackIntegerKeys(x, ldx, keys, n, bytes, panels, scales, start, shift)</c>: keys as 8-bit integers in panels
    /// <c>[⌈keys/16⌉][⌈n/4⌉][16][4]</c>, their scales, and shift times their sums. <c>bytes</c> holds sixteen rows meanwhile.
    /// </summary>
    public static string NeedPackKeys(MicroKernels kernels)
    {
        var quantize = NeedQuantizeRows(kernels);
        return kernels.Need("PackIntegerKeys", (writer, _) => writer.Lines($$"""
            // Keys as 8-bit integers in panels of 16, four neighbours of each together.
            [MethodImpl(MethodImplOptions.AggressiveOptimization)]
            private static void PackIntegerKeys(float* x, long ldx, long keys, long n, sbyte* bytes, sbyte* panels, float* scales, int* start, int shift)
            {
                float* sums = stackalloc float[16];
                long groups = n + 3 >> 2;
                for (long j = 0; j < keys; j += 16, panels += 64 * groups)
                {
                    long count = Math.Min(16, keys - j);
                    {{quantize}}(x + j * ldx, ldx, count, n, bytes, 4 * groups, scales + j, shift == 0 ? null : sums);
                    for (long c = 0; c < 16; c++)
                    {
                        int* from = (int*)bytes + c * groups, to = (int*)panels + c;
                        for (long g = 0; g < groups; g++) to[16 * g] = c < count ? from[g] : 0;
                        start[j + c] = shift != 0 && c < count ? shift * (int)sums[c] : 0;
                    }
                }
            }
            """));
    }

    /// <summary>
    /// Needs <c>PackIntegerValues(x, ldx, keys, n, padded, panels, scales, start, shift)</c>: values as 8-bit integers, each column in steps of its largest
    /// element / 127, in panels <c>[⌈n/16⌉][padded/4][16][4]</c>, zeros beyond the last key; the columns' scales, and shift times their sums.
    /// </summary>
    public static string NeedPackValues(MicroKernels kernels)
    {
        var partial = VectorKernels.LoadPartial(kernels);
        var whole = VectorOps.RoundedProduct("Columns(p, columns)", "factor", kernels);
        var panel = kernels.Target == VectorTarget.Vector128
            ? $"if (global::System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.IsSupported && n - j >= 16) {{ "
                + $"{NeedPackValuePanel(kernels)}(x + j, ldx, keys, padded, panels, scales + j, start + j, shift); continue; }}"
            : "";
        return kernels.Need("PackIntegerValues", (writer, _) => writer.Lines($$"""
            // Values as 8-bit integers in panels of 16 columns, each column in steps of its own; those of four keys together.
            [MethodImpl(MethodImplOptions.AggressiveOptimization)]
            private static void PackIntegerValues(float* x, long ldx, long keys, long n, long padded, sbyte* panels, float* scales, int* start, int shift)
            {
                for (long j = 0; j < n; j += 16, panels += 16 * padded)
                {
                    {{panel}}
                    for (int v = 0; v < 16; v += VF.Count)
                    {
                        float* from = x + j + v;
                        int columns = (int)Math.Max(0, Math.Min(VF.Count, n - j - v));
                        VF most = VF.Zero;
                        for (long k = 0; k < keys; k++) most = V.Max(most, V.Abs(Columns(from + k * ldx, columns)));
                        (most / V.Create(127f)).Store(scales + j + v);
                        VF factor = V.ConditionalSelect(V.GreaterThan(most, V.Create(1e-36f)), V.Create(127f) / most, VF.Zero);
                        VI sum = VI.Zero, byteMask = V.Create(255);
                        for (long k = 0; k < padded; k += 4)
                        {
                            VI four = VI.Zero;
                            if (k < keys)
                            {
                                VI whole = WholeColumns(from + k * ldx, columns, factor);
                                sum += whole; four = whole & byteMask;
                            }
                            if (k + 1 < keys)
                            {
                                VI whole = WholeColumns(from + (k + 1) * ldx, columns, factor);
                                sum += whole; four |= (whole & byteMask) << 8;
                            }
                            if (k + 2 < keys)
                            {
                                VI whole = WholeColumns(from + (k + 2) * ldx, columns, factor);
                                sum += whole; four |= (whole & byteMask) << 16;
                            }
                            if (k + 3 < keys)
                            {
                                VI whole = WholeColumns(from + (k + 3) * ldx, columns, factor);
                                sum += whole; four |= whole << 24;
                            }
                            four.Store((int*)panels + 4 * k + v);
                        }
                        ((sum - V.Create(unchecked((int)(keys * {{VectorOps.WholeOffsetBits}})))) * V.Create(shift)).Store(start + j + v);
                    }
                }
            }

            // A vector of columns; beyond the last one, zeros.
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            private static VF Columns(float* p, int columns) => columns == VF.Count ? V.Load(p) : {{partial}}(p, columns);

            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            private static VI WholeColumns(float* p, int columns, VF factor) => ({{whole}}).AsInt32(); // beside 1.5·2²³, whose low bits are zeros
            """));
    }

    // Sixteen columns at a time: each key's as bytes of one vector, four keys' zipped together.
    private static string NeedPackValuePanel(MicroKernels kernels)
    {
        var (words, bytes) = ByteVectors.NeedLowHalves(kernels);
        string Four(Func<string, string> write) => string.Join(" ", Enumerable.Range(0, 4).Select(v => write(Text(v))));
        string Rounded(int v) => $"{VectorOps.RoundedProduct($"V.Load(p + {Text(4 * v)})", "f" + Text(v), kernels)}.AsInt32()";
        return kernels.Need("PackValuePanel", (writer, _) => writer.Lines($$"""
            // Values of a whole panel of 16 columns, each column in steps of its own.
            [MethodImpl(MethodImplOptions.AggressiveOptimization)]
            private static void PackValuePanel(float* x, long ldx, long keys, long padded, sbyte* panel, float* scales, int* start, int shift)
            {
                VF most0 = VF.Zero, most1 = most0, most2 = most0, most3 = most0;
                float* p = x;
                for (long k = 0; k < keys; k++, p += ldx) { {{Four(v => $"most{v} = V.Max(most{v}, V.Abs(V.Load(p + 4 * {v})));")}} }
                VF least = V.Create(1e-36f), step = V.Create(127f);
                {{Four(v => $"(most{v} / step).Store(scales + 4 * {v}); VI sum{v} = VI.Zero;")}}
                {{Four(v => $"VF f{v} = V.ConditionalSelect(V.GreaterThan(most{v}, least), step / most{v}, VF.Zero);")}}
                p = x;
                for (long k = 0; k < padded; k += 4, p += 4 * ldx, panel += 64)
                {
                    Vector128<sbyte> b0 = default, b1 = default, b2 = default, b3 = default;
                    if (k < keys) b0 = ValueBytes(p, f0, f1, f2, f3);
                    if (k + 1 < keys) b1 = ValueBytes(p + ldx, f0, f1, f2, f3);
                    if (k + 2 < keys) b2 = ValueBytes(p + 2 * ldx, f0, f1, f2, f3);
                    if (k + 3 < keys) b3 = ValueBytes(p + 3 * ldx, f0, f1, f2, f3);
                    var even = global::System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.ZipLow(b0, b2); var even2 = global::System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.ZipHigh(b0, b2);
                    var odd = global::System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.ZipLow(b1, b3); var odd2 = global::System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.ZipHigh(b1, b3);
                    Vector128<sbyte> c0 = global::System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.ZipLow(even, odd), c1 = global::System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.ZipHigh(even, odd);
                    Vector128<sbyte> c2 = global::System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.ZipLow(even2, odd2), c3 = global::System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.ZipHigh(even2, odd2);
                    {{Four(v => $"c{v}.Store(panel + 16 * {v}); sum{v} = AddColumns(sum{v}, c{v});")}}
                }
                {{Four(v => $"(sum{v} * V.Create(shift)).Store(start + 4 * {v});")}}
            }

            // Four columns' sums with four keys added.
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            private static VI AddColumns(VI sum, Vector128<sbyte> four) => global::System.Runtime.Intrinsics.Arm.AdvSimd.AddPairwiseWideningAndAdd(sum, global::System.Runtime.Intrinsics.Arm.AdvSimd.AddPairwiseWidening(four));

            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            private static Vector128<sbyte> ValueBytes(float* p, VF f0, VF f1, VF f2, VF f3) =>
                {{bytes}}({{words}}({{Rounded(0)}}, {{Rounded(1)}}), {{words}}({{Rounded(2)}}, {{Rounded(3)}}));
            """));
    }

    /// <summary>
    /// Needs softmax in whole numbers, <c>Softmax{Words|Bytes|Signed}(row, n, query, largest, to)</c>: 255·2^(score − largest) of n scores, a
    /// multiple of 16, as words, bytes, or bytes less 128. Returns their sum; NaN where the largest is no finite number.
    /// </summary>
    /// <remarks>
    /// To the nearest, a query that looks at one key would lose all others, whose shares are below a half each and may be most of the whole. So numbers of 4078
    /// steps are rounded up where their last four bits exceed a threshold, and thresholds are all of 0 … 15 in sixteen keys and in sixteen queries
    /// (ordered dithering, Bayer 1973): what one loses a neighbour gains.
    /// </remarks>
    public static string NeedSoftmax(MicroKernels kernels, IntegerKernel kernel)
    {
        var form = kernel.TakesWords ? "Words" : kernel.ByteShift == 0 ? "Bytes" : "Signed";
        var narrow = kernel.TakesWords ? ByteVectors.NarrowWords(kernels) : ByteVectors.Narrow(kernels, DataType.Int8, isRaw: true);
        TileKernels.NeedMad(kernels);
        var exp = VectorMath.Lines("exp2rounded")!;
        if (kernels.Target == VectorTarget.Vector128)
        {
            NeedByteSteps(kernels);
        }

        return kernels.Need("Softmax" + form, (writer, target) =>
        {
            // Sixteen scores an iteration, line by line: cores that issue in order wait for each line's result.
            var vectors = Enumerable.Range(0, 16 / target.Lanes).Select(Text).ToArray();
            void Side(Func<string, string> write) => writer.Line(string.Join(" ", vectors.Select(write)));
            writer.Line("// 255·2^(score − largest), rounded up or down by a threshold of the key and the query, and the sum.");
            writer.Line("[MethodImpl(MethodImplOptions.AggressiveOptimization)]");
            using (writer.Block(
                $"private static float Softmax{form}(float* row, long n, long query, float largest, {(kernel.TakesWords ? "short" : "sbyte")}* to)"))
            {
                writer.Line("VF top = V.Create(largest - 0.8137175f); // where the power is of 4078 steps");
                writer.Line("VI sum = VI.Zero;");
                var (element, lanes) = target == VectorTarget.Vector128 ? ("short", 8) : ("int", target.Lanes);
                for (var v = 0; v < 16 / lanes; v++)
                {
                    var thresholds = string.Join(", ", Dither.Skip(lanes * v).Take(lanes).Select(t => $"({element}){Text(t)}"));
                    writer.Line($"var u{Text(v)} = V.Create({thresholds}) + V.Create(({element})(11 * query)) & V.Create(({element})15);");
                }

                using (writer.Block("for (float* end = row + n; row < end; to += 16)"))
                {
                    Side(v => $"VF x{v} = V.Load(row + VF.Count * {v}) - top;");
                    foreach (var line in exp.Take(exp.Count - 1))
                    {
                        Side(v => $"VF {line.Name}{v} = {line.Text(part => part + v)};");
                    }

                    // Added to 1.5·2²³, a number stands as a whole one in the low bits.
                    Side(v => $"VI w{v} = ({VectorOps.RoundedProduct("d" + v, "s" + v, kernels)}).AsInt32();");
                    writer.Line("row += 16;");
                    if (target == VectorTarget.Vector128)
                    {
                        writer.Line("var p = Sixteenths(LowWords(w0, w1) + u0, LowWords(w2, w3) + u1);");
                        writer.Line($"(p{(form == "Signed" ? " ^ V128.Create((byte)128)" : "")}).AsSByte().Store(to);");
                        writer.Line("sum = AddBytes(sum, p);");
                    }
                    else
                    {
                        Side(v => $"VI p{v} = w{v} + u{v} >>> 4;");
                        Side(v => $"{narrow}(to + VF.Count * {v}, p{v}.AsSingle());");
                        Side(v => $"sum += p{v} & V.Create(255);");
                    }
                }

                writer.Line("return float.IsFinite(largest) ? V.Sum(sum) : float.NaN;");
            }
        });
    }

    /// <summary>Needs <c>Largest(row, n)</c> of n numbers, a multiple of 16; NaN where one is NaN.</summary>
    public static string NeedLargest(MicroKernels kernels)
    {
        var across = VectorKernels.Across(kernels, "max");
        return kernels.Need("Largest", (writer, target) =>
        {
            var vectors = Enumerable.Range(0, 16 / target.Lanes).Select(Text).ToArray();
            writer.Line("// The largest of some numbers, sixteen at a time.");
            writer.Line("[MethodImpl(MethodImplOptions.AggressiveOptimization)]");
            using (writer.Block("private static float Largest(float* row, long n)"))
            {
                writer.Line($"VF {string.Join(", ", vectors.Select(v => $"top{v} = V.Create(float.NegativeInfinity)"))};");
                var tops = string.Join(" ", vectors.Select(v => $"top{v} = V.Max(top{v}, V.Load(row + VF.Count * {v}));"));
                writer.Line($"for (float* end = row + n; row < end; row += 16) {{ {tops} }}");
                writer.Line($"return {across}({vectors.Skip(1).Aggregate("top0", (all, v) => $"V.Max({all}, top{v})")});");
            }
        });
    }

    private static void NeedByteSteps(MicroKernels kernels)
    {
        ByteVectors.NeedLowHalves(kernels);
        kernels.Need("Sixteenths", (writer, _) => writer.Lines("""
            // Sixteen numbers of 12 bits without their last four, and four sums with bytes added, which four depends on the processor.
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            private static Vector128<byte> Sixteenths(Vector128<short> a, Vector128<short> b) => global::System.Runtime.Intrinsics.Arm.AdvSimd.IsSupported
                ? global::System.Runtime.Intrinsics.Arm.AdvSimd.ShiftRightLogicalNarrowingUpper(global::System.Runtime.Intrinsics.Arm.AdvSimd.ShiftRightLogicalNarrowingLower(a.AsUInt16(), 4), b.AsUInt16(), 4)
                : LowBytes(a >>> 4, b >>> 4).AsByte();
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            private static VI AddBytes(VI sum, Vector128<byte> bytes)
            {
                if (global::System.Runtime.Intrinsics.Arm.AdvSimd.IsSupported) return global::System.Runtime.Intrinsics.Arm.AdvSimd.AddPairwiseWideningAndAdd(sum.AsUInt32(), global::System.Runtime.Intrinsics.Arm.AdvSimd.AddPairwiseWidening(bytes)).AsInt32();
                var words = V128.WidenLower(bytes) + V128.WidenUpper(bytes);
                return sum + (V128.WidenLower(words) + V128.WidenUpper(words)).AsInt32();
            }
            """));
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
