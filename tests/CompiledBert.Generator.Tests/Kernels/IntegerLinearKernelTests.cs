using System.Runtime.InteropServices;
using CompiledBert.Compiler;
using CompiledBert.Generator.Emit;

namespace CompiledBert.Generator.Tests.Kernels;

/// <summary>Products of 8-bit integers: every element is exact, so that all variants give the same bits.</summary>
public class IntegerLinearKernelTests
{
    private static readonly Dim M = Dim.Of(new Symbol("M"));

    public static TheoryData<string, int, int> Shapes
    {
        get
        {
            var data = new TheoryData<string, int, int>();
            foreach (var variant in EmulatedVnni.Variants)
            {
                foreach (var (k, n) in new[] { (1, 1), (7, 7), (33, 33), (16, 16), (5, 48), (64, 65), (130, 160), (3, 17), (12, 31), (384, 100), (1537, 16) })
                {
                    data.Add(variant, k, n);
                }
            }

            return data;
        }
    }

    public static TheoryData<string> Variants => [.. EmulatedVnni.Variants];

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Any_shape_is_exact_with_any_number_of_tasks(string variant, int k, int n)
    {
        foreach (var shift in new int?[] { null, 128 - 77 })
        {
            var host = Host(variant, k, n, shift is not null);
            var w = Integers(1, k * n);
            foreach (var m in new[] { 1, 2, 7, 12, 13, 33, 64 })
            {
                // Rows of X lie k + 3 apart, those of Y n + 5 apart; what lies between stays as it was.
                var x = Integers(3, 2 + (m * (k + 3)));
                for (var tasks = 1; tasks <= 5; tasks++)
                {
                    Assert.Equal(Expected(x, w, m, k, n, shift ?? 0), Run(host, tasks, m, x, w, k, n, shift));
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void The_largest_numbers_do_not_saturate(string variant)
    {
        const int K = 4096, N = 48, Rows = 5;
        foreach (var (a, b) in new (sbyte, sbyte)[] { (127, 127), (-128, -128), (-128, 127), (127, -128) })
        {
            var (x, w) = (new sbyte[2 + (Rows * (K + 3))], new sbyte[K * N]);
            x.AsSpan().Fill(a);
            w.AsSpan().Fill(b);
            foreach (var shift in new[] { 0, 128, -127 })
            {
                Assert.Equal(Expected(x, w, Rows, K, N, shift), Run(Host(variant, K, N, hasShift: true), 1, Rows, x, w, K, N, shift));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void The_tile_epilogue_scales_rows_and_columns(string variant)
    {
        foreach (var n in new[] { 1, 16, 33, 64 })
        {
            const int K = 20;
            var step = Step(K, n, hasShift: false) with
            {
                Tile =
                [
                    new Load("s", DataType.Float32, new Access("scale", Dim.Zero, [new("m", Dim.One)])),
                    new Let("t1", DataType.Float32, "mul", ["acc", "s"]),
                    new Load("c", DataType.Float32, new Access("scales", Dim.Zero, [new("n", Dim.One)])),
                    new Let("t2", DataType.Float32, "mul", ["t1", "c"]),
                ],
                TileResult = "t2",
            };
            var host = new StepHost(variant, new LinearEmitter(), step, ["M"], ["x", "w", "y", "shift", "scale", "scales"]);
            var w = Integers(1, K * n);
            foreach (var m in new[] { 1, 7, 33 })
            {
                var x = Integers(3, 2 + (m * (K + 3)));
                var (scale, scales) = (Reference.Numbers(5, m), Reference.Numbers(6, n));
                var y = new float[1 + (m * (n + 5))];
                host.Run(2, [m], AsFloats(x), Packed(w, K, n), y, [0], scale, scales);
                var expected = Expected(x, w, m, K, n, 0);
                for (var r = 0; r < m; r++)
                {
                    for (var c = 0; c < n; c++)
                    {
                        Assert.Equal(expected[1 + (r * (n + 5)) + c] * scale[r] * scales[c], y[1 + (r * (n + 5)) + c]);
                    }
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void Sums_get_their_scales_and_bias_before_they_are_stored(string variant)
    {
        foreach (var (k, n, hasShift, hasBias) in new[]
        {
            (20, 16, false, true), (7, 48, false, false), (33, 32, true, true), (64, 80, false, true), (4, 16, true, false),
        })
        {
            var step = Step(k, n, hasShift) with { Scales = new ColumnScales("scale", "scales", hasBias ? "bias" : null) };
            var host = new StepHost(variant, new LinearEmitter(), step, ["M"], ["x", "w", "y", "shift", "scale", "scales", "bias"]);
            var w = Integers(1, k * n);
            foreach (var m in new[] { 1, 7, 33 })
            {
                var x = Integers(3, 2 + (m * (k + 3)));
                var (scale, scales, bias) = (Reference.Numbers(5, m), Reference.Numbers(6, n), Reference.Numbers(7, n));
                var (y, shift) = (new float[1 + (m * (n + 5))], hasShift ? 9 : 0);
                host.Run(2, [m], AsFloats(x), Packed(w, k, n), y, [BitConverter.Int32BitsToSingle(shift)], scale, scales, bias);
                var sums = Expected(x, w, m, k, n, shift);
                for (var (r, c) = (0, 0); r < m; (r, c) = c + 1 < n ? (r, c + 1) : (r + 1, 0))
                {
                    var at = 1 + (r * (n + 5)) + c;
                    var scaled = sums[at] * scale[r];
                    Assert.Equal(hasBias ? MathF.FusedMultiplyAdd(scaled, scales[c], bias[c]) : scaled * scales[c], y[at]);
                }
            }
        }
    }

    private static StepHost Host(string variant, int k, int n, bool hasShift) =>
        new(variant, new LinearEmitter(), Step(k, n, hasShift), ["M"], ["x", "w", "y", "shift"]);

    /// <summary>A product of the buffers x, w and y, with the integer shift added to every element of x.</summary>
    internal static LinearStep Step(int k, int n, bool hasShift) => new()
    {
        Title = "linear",
        Origins = ["/MatMul"],
        Rows = M,
        K = k,
        N = n,
        X = new RowOperand("x", Dim.Of(2), Dim.Of(k + 3)),
        Weights = "w",
        IsInteger = true,
        Shift = hasShift ? "shift" : null,
        Y = new RowOperand("y", Dim.One, Dim.Of(n + 5)),
    };

    private static float[] Run(StepHost host, int tasks, int m, sbyte[] x, sbyte[] w, int k, int n, int? shift)
    {
        var y = new float[1 + (m * (n + 5))];
        host.Run(tasks, [m], AsFloats(x), Packed(w, k, n), y, [BitConverter.Int32BitsToSingle(shift ?? 0)]);
        return y;
    }

    private static float[] Expected(sbyte[] x, sbyte[] w, int m, int k, int n, int shift)
    {
        var expected = new float[1 + (m * (n + 5))];
        for (var r = 0; r < m; r++)
        {
            for (var c = 0; c < n; c++)
            {
                var sum = 0L;
                for (var i = 0; i < k; i++)
                {
                    sum += (x[2 + (r * (k + 3)) + i] + shift) * w[(i * n) + c];
                }

                expected[1 + (r * (n + 5)) + c] = sum;
            }
        }

        return expected;
    }

    internal static sbyte[] Integers(int seed, int count)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (sbyte)random.Next(-128, 128))];
    }

    /// <summary>W [k, n] as <c>[⌈n/16⌉][⌈k/4⌉][16][4]</c>, then the sums of its columns.</summary>
    internal static float[] Packed(sbyte[] w, int k, int n)
    {
        var (panels, groups) = ((n + 15) / 16, (k + 3) / 4);
        var packed = new float[panels * 16 * (groups + 1)];
        var integers = MemoryMarshal.Cast<float, sbyte>(packed.AsSpan());
        var sums = MemoryMarshal.Cast<float, int>(packed.AsSpan(panels * 16 * groups));
        for (var i = 0; i < k; i++)
        {
            for (var j = 0; j < n; j++)
            {
                integers[(j / 16 * groups * 64) + (i / 4 * 64) + (j % 16 * 4) + (i % 4)] = w[(i * n) + j];
                sums[j] += w[(i * n) + j];
            }
        }

        return packed;
    }

    internal static float[] AsFloats(sbyte[] integers)
    {
        var floats = new float[(integers.Length + 3) / 4];
        integers.CopyTo(MemoryMarshal.Cast<float, sbyte>(floats.AsSpan()));
        return floats;
    }
}
