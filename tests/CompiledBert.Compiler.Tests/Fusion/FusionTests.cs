using CompiledBert.Compiler.Evaluation;
using CompiledBert.Compiler.Graph;
using Xunit;

namespace CompiledBert.Compiler.Tests.Fusion;

public class FusionTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 7)]
    [InlineData(3, 5)]
    public void A_post_norm_bert_keeps_its_meaning(int batch, int tokens) => PlanCheck.Agrees(() => new TinyBert(2).Graph, batch, tokens);

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 7)]
    public void A_pre_norm_bert_keeps_its_meaning(int batch, int tokens) => PlanCheck.Agrees(() => new TinyBert(2, preNorm: true).Graph, batch, tokens);

    [Theory]
    [InlineData(false, 1, 1)]
    [InlineData(false, 3, 5)]
    [InlineData(true, 2, 7)]
    public void A_bert_in_integers_keeps_its_meaning(bool preNorm, int batch, int tokens) =>
        PlanCheck.Agrees(() => new TinyBert(2, preNorm).Graph, batch, tokens, Precision.Int8);

    [Fact]
    public void Rows_are_quantised_in_the_pass_that_makes_them()
    {
        var plan = PlanCheck.Compile(new TinyBert(2).Graph, Precision.Int8).Plan;

        Assert.All(plan.Steps.OfType<LinearStep>(), s => Assert.True(s.IsInteger));
        Assert.Equal(2 * 4, plan.Steps.OfType<LinearStep>().Count());

        // Only the rows of attention, which are made head by head, take a step of their own.
        Assert.Equal(2, plan.Steps.OfType<NestStep>().Count(s =>
            s.Title.EndsWith("quantise", StringComparison.Ordinal) && !s.Title.Contains("norm", StringComparison.Ordinal)));
        Assert.All(plan.Steps.OfType<LinearStep>(), s => Assert.Equal(RaggedMode.AllTokens, s.Ragged));
    }

    [Fact]
    public void A_bert_layer_is_four_linears_and_one_attention()
    {
        var plan = PlanCheck.Compile(new TinyBert(2).Graph).Plan;

        Assert.Equal(2 * 4, plan.Steps.OfType<LinearStep>().Count());
        Assert.Equal(2, plan.Steps.OfType<AttentionStep>().Count());
        Assert.Equal(2, plan.Steps.OfType<NestStep>().Count()); // embeddings with their norm, and the mask
    }

    [Fact]
    public void A_guard_against_rows_without_tokens_leaves_nothing_to_do_on_probabilities()
    {
        var plan = PlanCheck.Compile(new TinyBert(2, isGuarded: true).Graph).Plan;

        Assert.Equal(2, plan.Steps.OfType<AttentionStep>().Count());
        Assert.All(plan.Steps.OfType<AttentionStep>(), s => Assert.True(s.IsSafe));
        Assert.All(plan.Steps.OfType<AttentionStep>(), s => Assert.Empty(s.Probability));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 5)]
    [InlineData(8, 1)]
    public void A_guarded_bert_keeps_its_meaning(int batch, int tokens) => PlanCheck.Agrees(() => new TinyBert(2, isGuarded: true).Graph, batch, tokens);

    [Fact]
    public void A_pre_norm_residual_and_the_norm_after_it_are_one_pass()
    {
        var plan = PlanCheck.Compile(new TinyBert(2, preNorm: true).Graph).Plan;

        Assert.Equal(2 * 5, plan.Steps.Count(s => s is LinearStep or AttentionStep));
        Assert.True(plan.Steps.OfType<NestStep>().Count() <= 3, string.Join("; ", plan.Steps.Select(s => s.Title)));
    }

    [Fact]
    public void Steps_that_look_at_one_token_run_over_all_tokens_of_a_ragged_batch()
    {
        var plan = PlanCheck.Compile(new TinyBert(1).Graph).Plan;

        Assert.True(plan.IsRagged);
        Assert.All(plan.Steps.OfType<LinearStep>(), s => Assert.Equal(RaggedMode.AllTokens, s.Ragged));
        Assert.All(plan.Steps.OfType<AttentionStep>(), s => Assert.Equal(RaggedMode.EachSequence, s.Ragged));
    }

    [Fact]
    public void The_position_table_limits_the_tokens()
    {
        var plan = PlanCheck.Compile(new TinyBert(1).Graph).Plan;

        Assert.Equal(TinyBert.Positions, plan.Symbols.Single(s => s.Role == SymbolRole.Tokens).Max);
    }

    [Fact]
    public void The_summary_counts_nodes_steps_weights_and_arena()
    {
        using var result = PlanCheck.Compile(new TinyBert(2).Graph);

        Assert.Matches(@"^100 nodes in, 12 fused steps out, weights \d+\.\d MB, arena \d+\.\d MB at 16 tokens$", result.Summary);
    }

    [Fact]
    public void A_large_integer_constant_keeps_every_digit()
    {
        var graph = new ModelGraph();
        var tokens = new Symbol("T");
        graph.Symbols.Add(tokens);
        var ids = graph.AddInput("ids", DataType.Int64, new Shape(Dim.Of(tokens)));
        var large = ModelGraph.Constant("large", TensorData.FromInt64s([], [9007199254740993]));
        graph.Outputs.Add(("sum", graph.Add("sum", new Binary(BinaryKind.Add), [ids, large], [])));

        Assert.Contains("9007199254740993", PlanCheck.Compile(graph).PlanText, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Positions_counted_over_a_mask_are_one_step(bool exclusive, bool reverse)
    {
        ModelGraph Positions()
        {
            var graph = new ModelGraph();
            Symbol[] lengths = [new("B"), new("T")];
            graph.Symbols.AddRange(lengths);
            var ids = graph.AddInput("ids", DataType.Int64, new Shape(lengths.Select(l => Dim.Of(l))));
            var isReal = graph.Add("real", new Unary(UnaryKind.Not), [graph.Add("pad", new Binary(BinaryKind.Less), [ids, Number(20)], [])], []);
            var mask = graph.Add("mask", new Cast(DataType.Int64), [isReal], []);
            var count = graph.Add("count", new CumSum(1, exclusive, reverse), [mask], []);
            var positions = graph.Add(
                "positions", new Binary(BinaryKind.Add), [graph.Add("real count", new Binary(BinaryKind.Mul), [count, mask], []), Number(1)], []);
            graph.Outputs.Add(("positions", graph.Add("positions", new Cast(DataType.Float32), [positions], [])));
            return graph;
        }

        PlanCheck.Agrees(Positions, 2, 7);
        Assert.Single(PlanCheck.Compile(Positions()).Plan.Steps);

        static Value Number(long value) => ModelGraph.Constant("number", TensorData.FromInt64s([], [value]));
    }
}
