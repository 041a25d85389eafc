using CompiledBert.Compiler;
using CompiledBert.Generator.Emit;
using CompiledBert.Tests;

namespace CompiledBert.Generator.Tests.Kernels;

/// <summary>Attention with products of 8-bit integers: all its sums are exact, so that all variants with fused multiply-add give the same bits.</summary>
public class IntegerAttentionKernelTests
{
    private static readonly Dim B = Dim.Of(new Symbol("B"));
    private static readonly Dim Tq = Dim.Of(new Symbol("Tq"));
    private static readonly Dim Tk = Dim.Of(new Symbol("Tk"));

    private static readonly (int Batch, int Queries, int Keys)[] Lengths = [(1, 1, 1), (2, 7, 7), (1, 33, 33), (1, 5, 70), (3, 16, 2), (1, 40, 64)];

    public static TheoryData<int, int, int, int> Shapes =>
        new() { { 2, 1, 32, 32 }, { 3, 1, 26, 26 }, { 4, 2, 64, 7 }, { 6, 3, 80, 80 }, { 1, 1, 1, 33 }, { 2, 1, 5, 1 } };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Any_shape_agrees_with_plain_loops_and_all_variants_and_numbers_of_tasks_give_the_same_bits(int heads, int group, int size, int valueSize)
    {
        var (step, token) = Step(heads, group, size, valueSize);
        var hosts = EmulatedVnni.Variants
            .Select(v => (Variant: v, Host: new StepHost(v, new AttentionEmitter(), step, ["B", "Tq", "Tk"], ["q", "kv", "y", "mask"])))
            .ToList();
        foreach (var (batch, queries, keys) in Lengths)
        {
            var (q, kv) = (Reference.Numbers(1, batch * queries * token), Reference.Numbers(2, batch * keys * token));
            var mask = Mask(batch * keys);
            int[]? first = null;
            foreach (var (variant, host) in hosts)
            {
                for (var tasks = 1; tasks <= 5; tasks += 2)
                {
                    var y = new float[batch * queries * heads * valueSize];
                    host.Run(tasks, [batch, queries, keys], q, kv, y, mask);
                    if (first is null)
                    {
                        Reference.Near(
                            Expected(heads, group, size, valueSize, batch, queries, keys, q, kv, mask), y, 1e-3,
                            $"{variant}, {batch} × {queries} queries, {keys} keys");
                    }

                    // Without fused multiply-add, exp rounds once more.
                    if (!variant.StartsWith("Vector128", StringComparison.Ordinal))
                    {
                        first ??= Reference.Bits(y);
                        Assert.Equal(first, Reference.Bits(y));
                    }
                    else
                    {
                        Reference.Near(
                            Expected(heads, group, size, valueSize, batch, queries, keys, q, kv, mask), y, 1e-3,
                            $"{variant}, {batch} × {queries} queries, {keys} keys");
                    }
                }
            }
        }
    }

    [Fact]
    public void A_row_whose_scores_are_all_minus_infinity_is_not_a_number()
    {
        var (step, token) = Step(1, 1, 8, 8);
        foreach (var variant in EmulatedVnni.Variants)
        {
            var y = new float[3 * 8];
            var host = new StepHost(variant, new AttentionEmitter(), step, ["B", "Tq", "Tk"], ["q", "kv", "y", "mask"]);
            host.Run(1, [1, 3, 5], Reference.Numbers(1, 3 * token), Reference.Numbers(2, 5 * token), y, [.. Enumerable.Repeat(float.NegativeInfinity, 5)]);
            Assert.All(y, x => Assert.True(float.IsNaN(x), variant));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_row_whose_scores_are_all_the_lowest_looks_at_all_keys_alike(bool isOfKeys)
    {
        const int Size = 8;
        var (step, token) = Step(1, 1, Size, Size);
        step = isOfKeys ? step : step with
        {
            Score =
            [
                new Load("t1", DataType.Float32, new Access("mask", Dim.Zero, [new AccessTerm("q", Tk), new AccessTerm("k", Dim.One)])),
                new Let("t2", DataType.Float32, "add", ["s", "t1"]),
            ],
            ScoreResult = "t2",
        };
        foreach (var variant in EmulatedVnni.Variants)
        {
            foreach (var keys in new[] { 1, 5, 33 })
            {
                var (y, kv) = (new float[Size], Reference.Numbers(2, keys * token));
                var host = new StepHost(variant, new AttentionEmitter(), step, ["B", "Tq", "Tk"], ["q", "kv", "y", "mask"]);
                host.Run(1, [1, 1, keys], Reference.Numbers(1, token), kv, y, [.. Enumerable.Repeat(float.MinValue, keys)]);
                for (var i = 0; i < Size; i++)
                {
                    var mean = Enumerable.Range(0, keys).Average(k => kv[(k * token) + (2 * Size) + i]);
                    Assert.InRange(y[i], mean - 0.01, mean + 0.01);
                }
            }
        }
    }

    [Fact]
    public void A_safe_row_whose_scores_are_all_minus_infinity_has_no_part_of_any_value()
    {
        var (step, token) = Step(1, 1, 8, 8);
        float[] mask = [.. Enumerable.Repeat(0f, 5), .. Enumerable.Repeat(float.NegativeInfinity, 5)];
        foreach (var variant in EmulatedVnni.Variants)
        {
            float[] Run(bool isSafe)
            {
                var y = new float[2 * 3 * 8];
                var host = new StepHost(variant, new AttentionEmitter(), step with { IsSafe = isSafe }, ["B", "Tq", "Tk"], ["q", "kv", "y", "mask"]);
                host.Run(1, [2, 3, 5], Reference.Numbers(1, 2 * 3 * token), Reference.Numbers(2, 2 * 5 * token), y, mask);
                return y;
            }

            var (safe, other) = (Run(isSafe: true), Run(isSafe: false));
            Assert.Equal(Reference.Bits(other[..24]), Reference.Bits(safe[..24]));
            Assert.All(safe[24..], x => Assert.True(x == 0, variant));
        }
    }

    [Theory]
    [InlineData(AttentionStep.MostIntegerKeys, false)]
    [InlineData(AttentionStep.MostIntegerKeys + 1, true)]
    public void More_keys_than_it_is_for_are_in_floats(int keys, bool isFloat)
    {
        var (step, token) = Step(1, 1, 8, 8);
        foreach (var variant in EmittedVariant.Runnable.Select(v => v.Name))
        {
            int[] Run(bool isInteger)
            {
                var y = new float[2 * 8];
                var host = new StepHost(variant, new AttentionEmitter(), step with { IsInteger = isInteger }, ["B", "Tq", "Tk"], ["q", "kv", "y", "mask"]);
                host.Run(1, [1, 2, keys], Reference.Numbers(1, 2 * token), Reference.Numbers(2, keys * token), y, Mask(keys));
                return Reference.Bits(y);
            }

            Assert.Equal(isFloat, Run(isInteger: false).AsSpan().SequenceEqual(Run(isInteger: true)));
        }
    }

    /// <summary>softmax(0.25·s + mask[b, k]): queries, keys and values in one buffer, token after token, the result's heads side by side.</summary>
    internal static (AttentionStep Step, int Token) Step(int heads, int group, int size, int valueSize)
    {
        var keyHeads = heads / group;
        var token = (heads * size) + (keyHeads * (size + valueSize));
        return (new AttentionStep
        {
            Title = "attention",
            Origins = ["/Softmax"],
            IsInteger = true,
            Batch = B,
            Heads = heads,
            HeadsPerKeyHead = group,
            Queries = Tq,
            Keys = Tk,
            HeadSize = size,
            ValueSize = valueSize,
            Q = new HeadOperand("q", Dim.Zero, Tq * token, size, token),
            K = new HeadOperand("kv", Dim.Of(heads * size), Tk * token, size, token),
            V = new HeadOperand("kv", Dim.Of((heads + keyHeads) * size), Tk * token, valueSize, token),
            Y = new HeadOperand("y", Dim.Zero, Tq * (heads * valueSize), valueSize, heads * valueSize),
            Score =
            [
                new Let("t1", DataType.Float32, "mul", ["s", "0.25"]),
                new Load("t2", DataType.Float32, new Access("mask", Dim.Zero, [new AccessTerm("b", Tk), new AccessTerm("k", Dim.One)])),
                new Let("t3", DataType.Float32, "add", ["t1", "t2"]),
            ],
            ScoreResult = "t3",
        }, token);
    }

    /// <summary>What is added to scores; every fifth is −∞.</summary>
    internal static float[] Mask(int length) => [.. Reference.Numbers(9, length).Select((x, i) => i % 5 == 4 ? float.NegativeInfinity : x)];

    private static double[] Expected(int heads, int group, int size, int valueSize, int batch, int queries, int keys, float[] q, float[] kv, float[] mask)
    {
        var keyHeads = heads / group;
        var token = (heads * size) + (keyHeads * (size + valueSize));
        var expected = new List<double>();
        for (var b = 0; b < batch; b++)
        {
            for (var t = 0; t < queries; t++)
            {
                for (var h = 0; h < heads; h++)
                {
                    float[][] Vectors(int at, int length) =>
                        [.. Enumerable.Range(0, keys).Select(k => kv.AsSpan((((b * keys) + k) * token) + at + (h / group * length), length).ToArray())];
                    expected.AddRange(IntegerAttentionReference.Of(
                        t,
                        q.AsSpan((((b * queries) + t) * token) + (h * size), size).ToArray(),
                        Vectors(heads * size, size),
                        Vectors((heads + keyHeads) * size, valueSize),
                        (sum, queryScale, keyScale, k) =>
                            MathF.FusedMultiplyAdd(sum * (queryScale * (0.25f * 1.44269504f)), keyScale,
                                IntegerAttentionReference.Power(mask[(b * keys) + k]))));
                }
            }
        }

        return [.. expected];
    }
}
