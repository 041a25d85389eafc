using CompiledBert.Compiler;
using CompiledBert.Generator.Emit;

namespace CompiledBert.Generator.Tests.Kernels;

public class AttentionKernelTests
{
    private static readonly Dim B = Dim.Of(new Symbol("B"));
    private static readonly Dim Tq = Dim.Of(new Symbol("Tq"));
    private static readonly Dim Tk = Dim.Of(new Symbol("Tk"));

    public static TheoryData<string, int, int, int, int> Shapes
    {
        get
        {
            var data = new TheoryData<string, int, int, int, int>();
            foreach (var variant in EmittedVariant.Runnable)
            {
                foreach (var (heads, group, size, valueSize) in new[]
                {
                    (2, 1, 32, 32), (3, 1, 26, 26), (4, 2, 64, 7), (6, 3, 80, 80), (1, 1, 1, 33), (2, 1, 5, 1),
                })
                {
                    data.Add(variant.Name, heads, group, size, valueSize);
                }
            }

            return data;
        }
    }

    public static TheoryData<string> Variants => EmittedVariant.Names;

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Any_shape_agrees_with_the_plain_formula_and_any_number_of_tasks_gives_the_same_bits(
        string variant, int heads, int group, int size, int valueSize)
    {
        var layout = new Layout(heads, group, size, valueSize);
        var host = Layout.Host(variant, layout.Step);
        foreach (var (batch, queries, keys) in new[] { (1, 1, 1), (2, 7, 7), (1, 33, 33), (1, 5, 70), (3, 16, 2), (1, 129, 64) })
        {
            layout.Check(host, batch, queries, keys, score: (s, _, _, _, _) => s, probability: (p, _, _, _, _) => p);
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void Programs_see_scores_and_probabilities_with_their_indices(string variant)
    {
        // softmax(0.125·s + mask[b, k]), then p·gate[h, q]. The two programs' values have ids in common, as programs of one step may.
        var layout = new Layout(2, 1, 16, 20);
        var step = layout.Step with
        {
            Score =
            [
                new Let("t1", DataType.Float32, "mul", ["s", "0.125"]),
                new Load("t2", DataType.Float32, new Access("mask", Dim.Zero, [new AccessTerm("b", Tk), new AccessTerm("k", Dim.One)])),
                new Let("t3", DataType.Float32, "add", ["t1", "t2"]),
            ],
            ScoreResult = "t3",
            Probability =
            [
                new Load("t1", DataType.Float32, new Access("gate", Dim.Zero, [new AccessTerm("h", Tq), new AccessTerm("q", Dim.One)])),
                new Let("t2", DataType.Float32, "mul", ["p", "t1"]),
            ],
            ProbabilityResult = "t2",
        };
        foreach (var changed in new[] { step, step with { Probability = [], ProbabilityResult = "p" } })
        {
            var host = Layout.Host(variant, changed);
            foreach (var (batch, queries, keys) in new[] { (1, 1, 1), (2, 7, 7), (1, 33, 33), (2, 12, 50) })
            {
                var mask = Reference.Numbers(9, batch * keys).Select((x, i) => i % 5 == 4 ? float.NegativeInfinity : x).ToArray();
                var gate = Reference.Numbers(10, layout.Heads * queries);
                layout.Check(
                    host,
                    batch,
                    queries,
                    keys,
                    (s, b, _, _, k) => s * 0.125 + mask[b * keys + k],
                    (p, _, h, q, _) => changed.Probability.Count == 0 ? p : p * gate[h * queries + q],
                    mask,
                    gate);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void A_row_whose_scores_are_all_minus_infinity_is_not_a_number(string variant)
    {
        var layout = new Layout(1, 1, 8, 8);
        var host = Layout.Host(variant, layout.Step with
        {
            Score = [new Let("t1", DataType.Float32, "add", ["s", "-inf"])],
            ScoreResult = "t1",
        });
        layout.Check(host, 1, 3, 5, (_, _, _, _, _) => double.NegativeInfinity, (p, _, _, _, _) => p);
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void A_safe_row_whose_scores_are_all_minus_infinity_has_no_part_of_any_value(string variant)
    {
        var layout = new Layout(2, 1, 16, 20);
        var host = Layout.Host(variant, layout.Step with
        {
            IsSafe = true,
            Score =
            [
                new Load("t1", DataType.Float32, new Access("mask", Dim.Zero, [new AccessTerm("b", Tk), new AccessTerm("k", Dim.One)])),
                new Let("t2", DataType.Float32, "add", ["s", "t1"]),
            ],
            ScoreResult = "t2",
        });
        foreach (var (queries, keys) in new[] { (1, 1), (7, 7), (33, 33), (12, 50) })
        {
            // Of three sequences the second has no tokens.
            float[] mask = [.. Enumerable.Range(0, 3 * keys).Select(i => i / keys == 1 || (keys > 1 && i % keys == 1) ? float.NegativeInfinity : 0)];
            layout.Check(host, 3, queries, keys, (s, b, _, _, k) => s + mask[b * keys + k], (p, _, _, _, _) => double.IsNaN(p) ? 0 : p, mask);
        }
    }

    /// <summary>Queries, keys and values in one buffer, token after token, as a QKV product leaves them; the result heads side by side.</summary>
    private sealed record Layout(int Heads, int Group, int Size, int ValueSize)
    {
        private int KeyHeads => Heads / Group;

        private int Token => Heads * Size + KeyHeads * (Size + ValueSize);

        public AttentionStep Step => new()
        {
            Title = "attention",
            Origins = ["/Softmax"],
            Batch = B,
            Heads = Heads,
            HeadsPerKeyHead = Group,
            Queries = Tq,
            Keys = Tk,
            HeadSize = Size,
            ValueSize = ValueSize,
            Q = new HeadOperand("q", Dim.Zero, Tq * Token, Size, Token),
            K = new HeadOperand("kv", Dim.Of(Heads * Size), Tk * Token, Size, Token),
            V = new HeadOperand("kv", Dim.Of((Heads + KeyHeads) * Size), Tk * Token, ValueSize, Token),
            Y = new HeadOperand("y", Dim.Zero, Tq * (Heads * ValueSize), ValueSize, Heads * ValueSize),
        };

        public static StepHost Host(string variant, AttentionStep step) =>
            new(variant, new AttentionEmitter(), step, ["B", "Tq", "Tk"], ["q", "kv", "y", "mask", "gate"]);

        public void Check(
            StepHost host,
            int batch,
            int queries,
            int keys,
            Func<double, int, int, int, int, double> score,
            Func<double, int, int, int, int, double> probability,
            float[]? mask = null,
            float[]? gate = null)
        {
            var q = Reference.Numbers(1, batch * queries * Token);
            var kv = Reference.Numbers(2, batch * keys * Token);
            float[]? first = null;
            for (var tasks = 1; tasks <= 5; tasks++)
            {
                var y = new float[batch * queries * Heads * ValueSize];
                host.Run(tasks, [batch, queries, keys], q, kv, y, mask ?? [], gate ?? []);
                first ??= y;
                Assert.Equal(Reference.Bits(first), Reference.Bits(y));
            }

            var expected = new double[first!.Length];
            for (var b = 0; b < batch; b++)
            {
                for (var h = 0; h < Heads; h++)
                {
                    for (var t = 0; t < queries; t++)
                    {
                        var from = (b * queries + t) * Token + h * Size;
                        var scores = Enumerable.Range(0, keys).Select(k =>
                        {
                            var key = (b * keys + k) * Token + Heads * Size + h / Group * Size;
                            return score(Enumerable.Range(0, Size).Sum(i => (double)q[from + i] * kv[key + i]), b, h, t, k);
                        }).ToArray();
                        var exp = scores.Select(s => Math.Exp(s - scores.Max())).ToArray();
                        for (var i = 0; i < ValueSize; i++)
                        {
                            expected[((b * queries + t) * Heads + h) * ValueSize + i] = Enumerable.Range(0, keys).Sum(k =>
                                probability(exp[k] / exp.Sum(), b, h, t, k)
                                    * kv[(b * keys + k) * Token + (Heads + KeyHeads) * Size + h / Group * ValueSize + i]);
                        }
                    }
                }
            }

            Reference.Near(expected, first, 3e-6, $"{batch} × {queries} queries, {keys} keys");
        }
    }
}
