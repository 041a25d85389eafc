using CompiledBert.Compiler;
using CompiledBert.Generator.Emit;

namespace CompiledBert.Generator.Tests.Kernels;

public class MatMulKernelTests
{
    private static readonly Dim M = Dim.Of(new Symbol("M"));
    private static readonly Dim N = Dim.Of(new Symbol("N"));
    private static readonly Dim K = Dim.Of(new Symbol("K"));

    public static TheoryData<string, bool, bool, bool> Layouts
    {
        get
        {
            var data = new TheoryData<string, bool, bool, bool>();
            foreach (var variant in EmittedVariant.Runnable)
            {
                for (var i = 0; i < 8; i++)
                {
                    data.Add(variant.Name, (i & 1) != 0, (i & 2) != 0, (i & 4) != 0);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Any_shape_agrees_with_the_plain_product_and_any_number_of_tasks_gives_the_same_bits(
        string variant, bool transposeA, bool transposeB, bool broadcastB)
    {
        const int Outer = 2, Inner = 3;
        var step = new MatMulStep
        {
            Title = "product",
            Origins = ["/MatMul"],
            BatchExtents = [Outer, Inner],
            M = M,
            N = N,
            K = K,
            A = new MatrixOperand("a", Dim.One, [M * K * Inner, M * K], transposeA ? Dim.One : K, transposeA ? M : Dim.One),
            B = new MatrixOperand("b", Dim.Zero, broadcastB ? [Dim.Zero, Dim.Zero] : [Dim.Zero, K * N], transposeB ? Dim.One : N, transposeB ? K : Dim.One),
            Y = new MatrixOperand("y", Dim.Zero, [M * N * Inner, M * N], N, Dim.One),
        };
        var host = new StepHost(variant, new MatMulEmitter(), step, ["M", "N", "K"], ["a", "b", "y"]);
        foreach (var (m, n, k) in new[] { (1, 1, 1), (1, 7, 33), (7, 33, 1), (33, 1, 7), (13, 16, 16), (33, 50, 20), (25, 31, 4) })
        {
            var a = Reference.Numbers(1, 1 + Outer * Inner * m * k);
            var b = Reference.Numbers(2, (broadcastB ? 1 : Inner) * k * n);
            float[]? first = null;
            for (var tasks = 1; tasks <= 5; tasks++)
            {
                var y = new float[Outer * Inner * m * n];
                host.Run(tasks, [m, n, k], a, b, y);
                first ??= y;
                Assert.Equal(Reference.Bits(first), Reference.Bits(y));
            }

            var expected = new double[first!.Length];
            for (var i = 0; i < expected.Length; i++)
            {
                var (batch, r, c) = (i / (m * n), i / n % m, i % n);
                expected[i] = Enumerable.Range(0, k).Sum(p =>
                    (double)a[1 + batch * m * k + (transposeA ? p * m + r : r * k + p)]
                        * b[(broadcastB ? 0 : batch % Inner * k * n) + (transposeB ? c * k + p : p * n + c)]);
            }

            Reference.Near(expected, first, 2e-6, $"{m}×{k}×{n}");
        }
    }
}
