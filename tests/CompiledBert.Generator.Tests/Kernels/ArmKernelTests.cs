using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using CompiledBert.Compiler;
using CompiledBert.Generator.Emit;
using CompiledBert.Tests;

namespace CompiledBert.Generator.Tests.Kernels;

/// <summary>The kernels that only Arm runs, in an emulator: on every processor they give the bits that this machine's fused multiply-adds give.</summary>
public class ArmKernelTests
{
    private static readonly (int K, int N)[] FloatShapes = [(1, 1), (7, 7), (33, 33), (16, 16), (5, 48), (64, 65), (130, 160), (12, 31), (35, 100)];
    private static readonly (int K, int N)[] IntegerShapes = [(1, 1), (7, 7), (33, 33), (16, 16), (64, 65), (130, 160), (12, 31), (1537, 16)];
    private static readonly (int Heads, int Group, int Size, int ValueSize)[] AttentionShapes = [(2, 1, 32, 32), (3, 1, 26, 26), (4, 2, 64, 7), (2, 1, 5, 1)];
    private static readonly (int Batch, int Queries, int Keys)[] AttentionLengths = [(1, 1, 1), (2, 7, 7), (1, 33, 33), (1, 5, 70), (3, 16, 2), (1, 13, 64)];

    // A machine of either kind has fused multiply-add, which the last variant takes on Arm alone.
    private static string? VariantHere =>
        Avx2.IsSupported && Fma.IsSupported
            ? VectorTarget.Avx2.Name
            : AdvSimd.IsSupported ? VectorTarget.Vector128.Name : null;

    [ArmFact]
    [Trait("Category", "NativeAot")]
    public void Steps_give_the_same_bits_on_every_processor()
    {
        if (VariantHere is not { } here)
        {
            return;
        }

        var cases = Cases().ToList();
        var calls = cases
            .SelectMany((c, step) => c.Calls.SelectMany(call =>
                Enumerable.Range(1, 3).Select(tasks => new ArmSteps.Call(step, tasks, call.Symbols, call.Buffers))))
            .ToList();
        var hosts = cases.ConvertAll(c => c.Host(here));
        var expected = calls.ConvertAll(call =>
        {
            var buffers = Array.ConvertAll(call.Buffers, b => (float[])b.Clone());
            hosts[call.Step].Run(call.Tasks, call.Symbols, buffers);
            return buffers;
        });
        using var arm = new ArmSteps(cases.ConvertAll(c => c.Host(VectorTarget.Vector128.Name)));
        foreach (var processor in ArmProgram.Processors)
        {
            foreach (var (call, want, got) in calls.Zip(expected, arm.Run(processor, calls)))
            {
                for (var i = 0; i < want.Length; i++)
                {
                    Assert.True(
                        Reference.Bits(want[i]).AsSpan().SequenceEqual(Reference.Bits(got[i])),
                        $"{processor}: {cases[call.Step].Name} with [{string.Join(", ", call.Symbols)}], {call.Tasks} tasks");
                }
            }
        }
    }

    /// <summary>A step with the arrays that it is run over.</summary>
    private sealed record Case(
        string Name, IStepEmitter Emitter, Step Step, string[] Symbols, string[] Buffers, IReadOnlyList<(long[] Symbols, float[][] Buffers)> Calls)
    {
        public StepHost Host(string variant) => new(variant, Emitter, Step, Symbols, Buffers);
    }

    private static IEnumerable<Case> Cases()
    {
        foreach (var (k, n) in FloatShapes)
        {
            var (w, bias) = (Reference.Panels(Reference.Numbers(1, k * n), k, n), Reference.Numbers(2, (n + 15) / 16 * 16));
            yield return new Case(
                $"linear {k}x{n}", new LinearEmitter(), Linear(k, n), ["M"], ["x", "w", "bias", "y"],
                [.. Enumerable.Range(1, 14)
                    .Select(m => (new long[] { m }, new[] { Reference.Numbers(3, 2 + (m * (k + 3))), w, bias, Result(1 + (m * (n + 5))) }))]);
        }

        foreach (var (k, n) in IntegerShapes)
        {
            var w = IntegerLinearKernelTests.Packed(IntegerLinearKernelTests.Integers(1, k * n), k, n);
            yield return new Case(
                $"int8 linear {k}x{n}", new LinearEmitter(), IntegerLinearKernelTests.Step(k, n, hasShift: true), ["M"], ["x", "w", "y", "shift"],
                [.. new[] { 1, 2, 3, 4, 5, 6, 7, 8, 13, 33 }.Select(m => (
                    new long[] { m },
                    new[]
                    {
                        IntegerLinearKernelTests.AsFloats(IntegerLinearKernelTests.Integers(3, 2 + (m * (k + 3)))), w,
                        Result(1 + (m * (n + 5))), [BitConverter.Int32BitsToSingle(51)],
                    }))]);
        }

        // Sums of the largest products, which no step of a kernel may saturate.
        const int LongK = 1024;
        var lowest = new sbyte[LongK * 16];
        Array.Fill(lowest, sbyte.MinValue);
        yield return new Case(
            "int8 linear, largest numbers", new LinearEmitter(), IntegerLinearKernelTests.Step(LongK, 16, hasShift: true), ["M"], ["x", "w", "y", "shift"],
            [([7], [IntegerLinearKernelTests.AsFloats(lowest), IntegerLinearKernelTests.Packed(lowest, LongK, 16), Result(1 + (7 * 21)), [0]])]);

        foreach (var (heads, group, size, valueSize) in AttentionShapes)
        {
            var (step, token) = IntegerAttentionKernelTests.Step(heads, group, size, valueSize);
            foreach (var isInteger in new[] { true, false })
            {
                yield return new Case(
                    $"{(isInteger ? "int8 " : "")}attention {heads}x{size}, {valueSize}", new AttentionEmitter(), step with { IsInteger = isInteger },
                    ["B", "Tq", "Tk"], ["q", "kv", "y", "mask"],
                    [.. AttentionLengths.Select(l => (
                        new long[] { l.Batch, l.Queries, l.Keys },
                        new[]
                        {
                            Reference.Numbers(1, l.Batch * l.Queries * token), Reference.Numbers(2, l.Batch * l.Keys * token),
                            Result(l.Batch * l.Queries * heads * valueSize),
                            IntegerAttentionKernelTests.Mask(l.Batch * l.Keys),
                        }))]);
            }
        }
    }

    /// <summary>Memory that a step writes to: what lies between its rows stays as it was.</summary>
    private static float[] Result(int length)
    {
        var y = new float[length];
        Array.Fill(y, 12345);
        return y;
    }

    private static LinearStep Linear(int k, int n) => new()
    {
        Title = "linear",
        Origins = ["/MatMul"],
        Rows = Dim.Of(new Symbol("M")),
        K = k,
        N = n,
        X = new RowOperand("x", Dim.Of(2), Dim.Of(k + 3)),
        Weights = "w",
        Bias = "bias",
        Y = new RowOperand("y", Dim.One, Dim.Of(n + 5)),
    };
}
