using System.Globalization;
using CompiledBert.Compiler;
using CompiledBert.Generator.Emit.Loops;

namespace CompiledBert.Generator.Emit;

/// <summary>What attention with integers does beside its products: rounding queries, keys and values, and probabilities in whole numbers.</summary>
internal static class IntegerAttentionKernels
{
    /// <summary>
    /// Needs <c>QuantizeRows(x, ldx, rows, n, to, ldto, scales, sums)</c>: rows of floats as 8-bit integers, each in steps of its largest element / 127, zeros
    /// after them up to ldto; the sums of the integers where <c>sums</c> is not null.
    /// </summary>
    public static string NeedQuantizeRows(MicroKernels kernels)
    {
        var (narrow, most, sum) = (ByteVectors.Narrow(kernels, DataType.Int8), VectorKernels.Across(kernels, "max"), VectorKernels.Across(kernels, "sum"));
        return kernels.Need("QuantizeRows", (writer, _) => writer.Lines($$"""
            // Rows of floats as 8-bit integers, each in steps of its largest element / 127, zeros after them.
            [MethodImpl(MethodImplOptions.AggressiveOptimization)]
            private static void QuantizeRows(float* x, long ldx, long rows, long n, sbyte* to, long ldto, float* scales, float* sums)
            {
                for (long r = 0; r < rows; r++, x += ldx, to += ldto)
                {
                    long i = 0;
                    VF top = VF.Zero, all = VF.Zero;
                    for (; i <= n - VF.Count; i += VF.Count) top = V.Max(top, V.Abs(V.Load(x + i)));
                    float most = {{most}}(top), rest = 0;
                    for (; i < n; i++) most = MathF.Max(most, MathF.Abs(x[i]));
                    scales[r] = most / 127f;
                    float factor = most > 1e-36f ? 127f / most : 0f;
                    for (i = 0; i <= n - VF.Count; i += VF.Count)
                    {
                        VF whole = V.Round(V.Load(x + i) * V.Create(factor));
                        all += whole;
                        {{narrow}}(to + i, whole);
                    }
                    for (; i < n; i++)
                    {
                        float whole = MathF.Round(x[i] * factor);
                        rest += whole;
                        to[i] = (sbyte)whole;
                    }
                    for (; i < ldto; i++) to[i] = 0;
                    if (sums != null) sums[r] = {{sum}}(all) + rest;
                }
            }
            """));
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
        return kernels.Need("PackIntegerValues", (writer, _) => writer.Lines($$"""
            // Values as 8-bit integers in panels of 16 columns, each column in steps of its own; those of four keys together.
            [MethodImpl(MethodImplOptions.AggressiveOptimization)]
            private static void PackIntegerValues(float* x, long ldx, long keys, long n, long padded, sbyte* panels, float* scales, int* start, int shift)
            {
                for (long j = 0; j < n; j += 16, panels += 16 * padded)
                {
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
                        (sum * V.Create(shift)).Store(start + j + v);
                    }
                }
            }

            // A vector of columns; beyond the last one, zeros.
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            private static VF Columns(float* p, int columns) => columns == VF.Count ? V.Load(p) : {{partial}}(p, columns);

            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            private static VI WholeColumns(float* p, int columns, VF factor) => V.ConvertToInt32Native(V.Round(Columns(p, columns) * factor));
            """));
    }

    /// <summary>
    /// Needs softmax in whole numbers: round(4064·exp(score − max)) of n scores, a multiple of 16, as words <c>SoftmaxWords(row, n, words)</c>, or as
    /// 32·high + low in bytes, <c>SoftmaxBytes(row, n, high, low)</c>. Returns their sum, which is exact up to 4,000 keys. A row of nothing but −∞ gives NaN.
    /// </summary>
    public static string NeedSoftmax(MicroKernels kernels, bool words)
    {
        var across = VectorKernels.Across(kernels, "sum");
        var largest = ProductKernels.NeedLargest(kernels);
        if (kernels.Target == VectorTarget.Vector128)
        {
            ByteVectors.NeedLowHalves(kernels);
        }

        var narrow = words ? ByteVectors.NarrowWords(kernels) : ByteVectors.Narrow(kernels, DataType.Int8);
        TileKernels.NeedMad(kernels);
        var exp = VectorMath.Lines("exp127")!;
        var name = words ? "SoftmaxWords" : "SoftmaxBytes";
        return kernels.Need(name, (writer, target) =>
        {
            // Sixteen scores an iteration, line by line: cores that issue in order wait for each line's result.
            var vectors = Enumerable.Range(0, 16 / target.Lanes).Select(v => v.ToString(CultureInfo.InvariantCulture)).ToArray();
            void Side(Func<string, string> write) => writer.Line(string.Join(" ", vectors.Select(write)));
            string At(string v) => $"i + VF.Count * {v}";
            writer.Line("// round(4064·exp(score − max)) as " + (words ? "words" : "32·high + low in bytes") + ", and the sum.");
            writer.Line("[MethodImpl(MethodImplOptions.AggressiveOptimization)]");
            using (writer.Block($"private static float {name}(float* row, long n, {(words ? "short* to" : "sbyte* high, sbyte* low")})"))
            {
                writer.Line($"VF top = V.Create({largest}(row, n)), sum = VF.Zero;");
                using (writer.Block("for (long i = 0; i < n; i += 16)"))
                {
                    Side(v => $"VF x{v} = V.Load(row + {At(v)}) - top;");
                    foreach (var line in exp)
                    {
                        Side(v => $"VF {line.Name}{v} = {line.Text(part => part + v)};");
                    }

                    if (words)
                    {
                        Side(v => $"VF w{v} = V.Round(y{v} * V.Create(32f));");
                        Side(v => $"{narrow}(to + {At(v)}, w{v});");
                        writer.Line($"sum += {string.Join(" + ", vectors.Select(v => "w" + v))};");
                    }
                    else if (target == VectorTarget.Vector128)
                    {
                        // Added to 1.5·2²³, a number stands as a whole one in the low bits.
                        Side(v => $"VF w{v} = y{v} * V.Create(32f) + V.Create(12582912f);");
                        writer.Line("Vector128<short> a = LowWords(w0.AsInt32(), w1.AsInt32()), b = LowWords(w2.AsInt32(), w3.AsInt32()), half = V128.Create((short)16);");
                        writer.Line("Vector128<sbyte> h = LowBytes((a + half) >>> 5, (b + half) >>> 5);");
                        writer.Line("h.Store(high + i); (LowBytes(a, b) - (h << 5)).Store(low + i);");
                        writer.Line($"sum += {string.Join(" + ", vectors.Select(v => $"(w{v} - V.Create(12582912f))"))};");
                    }
                    else
                    {
                        Side(v => $"VF h{v} = V.Round(y{v});");
                        Side(v => $"VF l{v} = V.Round((y{v} - h{v}) * V.Create(32f));");
                        Side(v => $"{narrow}(high + {At(v)}, h{v});");
                        Side(v => $"{narrow}(low + {At(v)}, l{v});");
                        writer.Line($"sum += ({string.Join(" + ", vectors.Select(v => "h" + v))}) * V.Create(32f) + ({string.Join(" + ", vectors.Select(v => "l" + v))});");
                    }
                }

                writer.Line($"return {across}(sum);");
            }
        });
    }
}
