using CompiledBert.Compiler.Graph;
using CompiledBert.Compiler.Passes;
using static CompiledBert.Compiler.Tests.Passes.Sketch;

namespace CompiledBert.Compiler.Tests.Passes;

public class AttentionFormTests
{
    private const int Heads = 2;
    private const int Width = 3;
    private const string Canonical =
        "Linear Slice Reshape Transpose Slice Reshape Transpose MatMul Mul Add Softmax Slice Reshape Transpose MatMul Transpose Reshape Linear";

    public enum Form
    {
        /// <summary>Scores divided, K transposed at once.</summary>
        Eager,

        /// <summary>q and k each times the root of the scale; K transposed twice.</summary>
        Sdpa,

        /// <summary>Products of three axes over B·H, rows flattened around linears.</summary>
        Batched,

        /// <summary>K transposed in three axes between products of four.</summary>
        Dynamo,
    }

    [Theory]
    [InlineData(Form.Eager)]
    [InlineData(Form.Sdpa)]
    [InlineData(Form.Batched)]
    [InlineData(Form.Dynamo)]
    public void Attention_has_one_form_whatever_the_exporter(Form form)
    {
        var graph = CheckAll(s => Attention(s, form, s.X(Batch, Tokens, Heads * Width), Mask(s, Batch, 1, Tokens, Tokens)));
        var order = string.Join(' ', graph.Nodes.Where(n => n.Operator is not (Cast or Binary { Kind: BinaryKind.Sub })).Select(n => n.Operator.Name));
        Assert.Equal(Sorted(Canonical + " Mul Reshape"), Sorted(order));
        var product = graph.Nodes.First(n => n.Operator is MatMul);
        Assert.Equal(new Transpose(0, 2, 1, 3), product.In(0).Producer!.Operator);
        Assert.Equal(new Transpose(0, 2, 3, 1), product.In(1).Producer!.Operator);
        Assert.True(product.Output.Users[0].In(1).IsScalar(out var scale) && Math.Abs(scale - (1 / Math.Sqrt(Width))) < 1e-6);
        var slices = graph.Nodes.Where(n => n.Operator is Slice).Select(n => ((Slice)n.Operator).Start.Value);
        Assert.Equal([0L, 6L, 12L], slices.Order());
        Assert.Equal(0, ((Slice)product.In(0).Producer!.In(0).Producer!.In(0).Producer!.Operator).Start.Value);
    }

    [Fact]
    public void A_mask_that_replaces_scores_is_added_to_them()
    {
        var graph = CheckAll(s =>
        {
            var hidden = s.Add(new Binary(BinaryKind.Equal), s.Input(DataType.Int64, Batch, Tokens), ModelGraph.Constant("0", TensorData.FromInt64s([], [0])));
            var scores = s.X(Batch, Heads, Tokens, Tokens);
            hidden = s.Expand(s.Reshape(hidden, Batch, 1, 1, Tokens), Batch, Heads, Tokens, Tokens);
            return s.Add(new Softmax(3), s.Add(new Select(), hidden, C(float.MinValue), scores));
        });
        Assert.Equal("Equal Select Reshape Add Softmax", graph.Text());
    }

    [Fact]
    public void Guards_against_rows_without_tokens_go_where_masks_are_finite()
    {
        Value Guarded(Sketch s, float masked)
        {
            var seen = s.Add(new Cast(DataType.Bool), s.Input(DataType.Int64, Tokens));
            var scores = s.MatMul(s.X(Tokens, 3), s.X(3, Tokens));
            var p = s.Add(new Softmax(1), s.Plus(scores, s.Add(new Select(), seen, C(0), C(masked))));
            return s.Add(new Select(), s.Add(UnaryKind.IsNaN, p), C(0), p);
        }

        Assert.DoesNotContain("IsNaN", CheckAll(s => Guarded(s, -1e9f)).Text(), StringComparison.Ordinal);
        Assert.Contains("IsNaN", CheckAll(s => Guarded(s, float.NegativeInfinity)).Text(), StringComparison.Ordinal);
    }

    [Fact]
    public void Masks_are_computed_at_their_smallest_shape()
    {
        var graph = CheckAll(s => s.Plus(s.X(Batch, Heads, Tokens, Tokens), Mask(s, Batch, 1, Tokens, Tokens)));
        Assert.Equal(0, graph.CountOf<Expand>());
        Assert.All(graph.Nodes.SkipLast(1), n => Assert.Equal(Batch * Tokens, n.Output.Shape.Elements));
    }

    [Fact]
    public void A_head_of_one_token_computes_one_row_of_the_last_layer()
    {
        var graph = CheckAll(s =>
        {
            var x = s.X(Batch, Tokens, Heads * Width);
            var y = s.Norm(s.Plus(x, Attention(s, Form.Eager, x, Mask(s, Batch, 1, 1, Tokens))));
            y = s.Norm(s.Plus(y, s.Dense(s.Add(UnaryKind.GeluErf, s.Dense(y, 8)), Heads * Width)));
            return s.Dense(s.Add(new Gather(1), y, ModelGraph.Constant("0", TensorData.FromInt64s([], [0]))), 2);
        });
        var linears = graph.Nodes.Where(n => n.Operator is Linear).ToArray();
        Assert.Equal(6, linears.Length);
        Assert.Single(linears, l => l.Output.Shape == new Shape(Batch, Tokens, 2 * Heads * Width));
        Assert.Equal(5, linears.Count(l => l.Output.Shape.Elements.Symbols.SequenceEqual([B])));
        Assert.Equal(new Shape(Batch, Heads, 1, Tokens), graph.Only<Softmax>().Output.Shape);
    }

    [Fact]
    public void Slices_of_a_fused_projection_become_slices_of_its_last_axis()
    {
        var graph = CheckAll(s =>
        {
            var qkv = s.Transpose(s.Reshape(s.Dense(s.X(Batch, Tokens, 4), 3 * Heads * Width), Batch, Tokens, 3, Heads, Width), 0, 2, 3, 1, 4);
            Value Part(int i) => s.Reshape(s.Add(new Slice(1, i, 1, 1), qkv), Batch, Heads, Tokens, Width);
            return s.MatMul(s.Add(new Softmax(3), s.MatMul(Part(0), s.Transpose(Part(1), 0, 1, 3, 2))), Part(2));
        });
        Assert.Equal(Sorted("Linear Slice Reshape Transpose Slice Reshape Transpose MatMul Softmax Slice Reshape Transpose MatMul"), Sorted(graph.Text()));
        Assert.All(graph.Nodes.Where(n => n.Operator is Slice), n => Assert.Equal(2, ((Slice)n.Operator).Axis));
    }

    private static string Sorted(string names) => string.Join(' ', names.Split(' ').Order(StringComparer.Ordinal));

    private static Value Mask(Sketch s, params Dim[] shape)
    {
        var mask = s.Add(new Cast(DataType.Float32), s.Input(DataType.Int64, Batch, Tokens));
        var expanded = s.Expand(s.Reshape(mask, Batch, 1, 1, Tokens), shape);
        return s.Times(s.Add(BinaryKind.Sub, C(1), expanded), C(-10000));
    }

    private static Value Attention(Sketch s, Form form, Value x, Value mask)
    {
        var width = Heads * Width;
        Value Split(Value v) => s.Transpose(s.Reshape(v, Batch, Tokens, Heads, Width), 0, 2, 1, 3);
        Value Project(Value v) => form == Form.Batched
            ? s.Reshape(s.Dense(s.Reshape(v, Batch * Tokens, width), width), Batch, Tokens, width)
            : s.Dense(v, width);
        var k = Project(x);
        var q = Project(x);
        var v = Split(Project(x));
        var root = C((float)Math.Sqrt(Math.Sqrt(1.0 / Width)));
        Value context;
        switch (form)
        {
            case Form.Eager:
                var kt = s.Transpose(s.Reshape(k, Batch, Tokens, Heads, Width), 0, 2, 3, 1);
                var scores = s.Add(BinaryKind.Div, s.MatMul(Split(q), kt), C((float)Math.Sqrt(Width)));
                context = s.MatMul(s.Add(new Softmax(3), s.Plus(scores, mask)), v);
                break;
            case Form.Sdpa:
                scores = s.MatMul(s.Times(Split(q), root), s.Times(s.Transpose(Split(k), 0, 1, 3, 2), root));
                context = s.MatMul(s.Add(new Softmax(3), s.Plus(scores, mask)), v);
                break;
            case Form.Dynamo:
                kt = s.Reshape(s.Transpose(s.Reshape(Split(k), Batch * Heads, Tokens, Width), 0, 2, 1), Batch, Heads, Width, Tokens);
                scores = s.MatMul(s.Times(Split(q), root), s.Times(kt, root));
                context = s.MatMul(s.Add(new Softmax(3), s.Plus(scores, mask)), v);
                break;
            default:
                Value Flat(Value value) => s.Reshape(value, Batch * Heads, Tokens, Width);
                scores = s.MatMul(Flat(Split(s.Times(q, s.Times(root, root)))), s.Transpose(Flat(Split(k)), 0, 2, 1));
                scores = s.Plus(s.Reshape(scores, Batch, Heads, Tokens, Tokens), mask);
                var p = s.Add(new Softmax(2), s.Reshape(scores, Batch * Heads, Tokens, Tokens));
                context = s.Reshape(s.MatMul(p, Flat(v)), Batch, Heads, Tokens, Width);
                break;
        }

        var joined = s.Reshape(s.Transpose(context, 0, 2, 1, 3), form == Form.Batched ? [Batch * Tokens, width] : [Batch, Tokens, width]);
        return s.Reshape(s.Dense(joined, width), Batch, Tokens, width);
    }
}
