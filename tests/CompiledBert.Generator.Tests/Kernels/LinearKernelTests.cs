using CompiledBert.Compiler;
using CompiledBert.Generator.Emit;

namespace CompiledBert.Generator.Tests.Kernels;

public class LinearKernelTests
{
    private static readonly Dim M = Dim.Of(new Symbol("M"));

    public static TheoryData<string, int, int> Shapes
    {
        get
        {
            var data = new TheoryData<string, int, int>();
            foreach (var variant in EmittedVariant.Runnable)
            {
                foreach (var (k, n) in new[] { (1, 1), (7, 7), (33, 33), (16, 16), (5, 48), (64, 65), (130, 160), (3, 17), (12, 31), (384, 100) })
                {
                    data.Add(variant.Name, k, n);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Any_shape_agrees_with_the_plain_product_and_any_number_of_tasks_gives_the_same_bits(string variant, int k, int n)
    {
        // Rows of X lie k + 3 apart, those of Y n + 5 apart; what lies between stays as it was.
        var host = new StepHost(variant, new LinearEmitter(), Step(k, n, bias: "bias"), ["M"], ["x", "w", "bias", "y"]);
        var w = Reference.Numbers(1, k * n);
        var bias = Reference.Numbers(2, (n + 15) / 16 * 16);
        foreach (var m in new[] { 1, 2, 7, 12, 13, 33, 64 })
        {
            var x = Reference.Numbers(3, 2 + m * (k + 3));
            float[]? first = null;
            for (var tasks = 1; tasks <= 5; tasks++)
            {
                var y = new float[1 + m * (n + 5)];
                host.Run(tasks, [m], x, Reference.Panels(w, k, n), bias, y);
                first ??= y;
                Assert.Equal(Reference.Bits(first), Reference.Bits(y));
            }

            var expected = new double[first!.Length];
            for (var r = 0; r < m; r++)
            {
                for (var c = 0; c < n; c++)
                {
                    expected[1 + r * (n + 5) + c] = bias[c] + Enumerable.Range(0, k).Sum(i => (double)x[2 + r * (k + 3) + i] * w[i * n + c]);
                }
            }

            Reference.Near(expected, first, 2e-6, $"{m} rows");
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void A_row_alone_has_the_bits_it_has_among_others(string variant)
    {
        const int K = 77, N = 48, Rows = 300;
        var host = new StepHost(variant, new LinearEmitter(), Step(K, N, bias: null), ["M"], ["x", "w", "bias", "y"]);
        var w = Reference.Panels(Reference.Numbers(1, K * N), K, N);
        var x = Reference.Numbers(3, 2 + Rows * (K + 3));
        var y = new float[1 + Rows * (N + 5)];
        host.Run(1, [Rows], x, w, [0], y);
        foreach (var row in new[] { 0, 1, 11, 12, 100, 250, 299 })
        {
            var alone = new float[1 + N + 5];
            host.Run(1, [1], x[(row * (K + 3))..(2 + (row + 1) * (K + 3))], w, [0], alone);
            Assert.Equal(Reference.Bits(y[(1 + row * (N + 5))..(1 + row * (N + 5) + N)]), Reference.Bits(alone[1..(1 + N)]));
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void The_tile_epilogue_and_the_row_program_run_on_what_the_product_gave(string variant)
    {
        foreach (var n in new[] { 1, 7, 32, 33, 64, 100 })
        {
            const int K = 20;
            // gelu(acc) + residual[m, n], then each row minus its mean.
            AccessTerm[] here = [new("m", Dim.Of(n + 5)), new("n", Dim.One)];
            AccessTerm[] inRow = [new("m", Dim.Of(n + 5)), new("i", Dim.One)];
            var step = Step(K, n, bias: "bias") with
            {
                Tile =
                [
                    new Let("t1", DataType.Float32, "geluerf", ["acc"]),
                    new Load("t2", DataType.Float32, new Access("residual", Dim.Zero, here)),
                    new Let("t3", DataType.Float32, "add", ["t1", "t2"]),
                ],
                TileResult = "t3",
                Row =
                [
                    new Loop("m", M, LoopKind.Parallel,
                    [
                        new Accumulator("sum", DataType.Float32, "sum"),
                        new Loop("i", Dim.Of(n), LoopKind.Lanes,
                        [
                            new Load("a", DataType.Float32, new Access("y", Dim.One, inRow)),
                            new Accumulate("sum", "a"),
                        ]),
                        new Let("mean", DataType.Float32, "div", ["sum", FormattableString.Invariant($"{n}")]),
                        new Loop("i", Dim.Of(n), LoopKind.Lanes,
                        [
                            new Load("c", DataType.Float32, new Access("y", Dim.One, inRow)),
                            new Let("d", DataType.Float32, "sub", ["c", "mean"]),
                            new Store(new Access("y", Dim.One, inRow), "d"),
                        ]),
                    ]),
                ],
            };
            var host = new StepHost(variant, new LinearEmitter(), step, ["M"], ["x", "w", "bias", "y", "residual"]);
            var w = Reference.Numbers(1, K * n);
            var bias = Reference.Numbers(2, (n + 15) / 16 * 16);
            foreach (var m in new[] { 1, 7, 33 })
            {
                var x = Reference.Numbers(3, 2 + m * (K + 3));
                var residual = Reference.Numbers(4, m * (n + 5));
                float[]? first = null;
                for (var tasks = 1; tasks <= 5; tasks++)
                {
                    var y = new float[1 + m * (n + 5)];
                    host.Run(tasks, [m], x, Reference.Panels(w, K, n), bias, y, residual);
                    first ??= y;
                    Assert.Equal(Reference.Bits(first), Reference.Bits(y));
                }

                var expected = new double[first!.Length];
                for (var r = 0; r < m; r++)
                {
                    var row = Enumerable.Range(0, n).Select(c =>
                    {
                        var sum = bias[c] + Enumerable.Range(0, K).Sum(i => (double)x[2 + r * (K + 3) + i] * w[i * n + c]);
                        return sum / 2 * (1 + VectorMathTests.Erf(sum / Math.Sqrt(2))) + residual[r * (n + 5) + c];
                    }).ToArray();
                    for (var c = 0; c < n; c++)
                    {
                        expected[1 + r * (n + 5) + c] = row[c] - row.Average();
                    }
                }

                Reference.Near(expected, first, 2e-6, $"{m} rows, {n} columns");
            }
        }
    }

    public static TheoryData<string> Variants => EmittedVariant.Names;

    private static LinearStep Step(int k, int n, string? bias) => new()
    {
        Title = "linear",
        Origins = ["/MatMul"],
        Rows = M,
        K = k,
        N = n,
        X = new RowOperand("x", Dim.Of(2), Dim.Of(k + 3)),
        Weights = "w",
        Bias = bias,
        Y = new RowOperand("y", Dim.One, Dim.Of(n + 5)),
    };
}
