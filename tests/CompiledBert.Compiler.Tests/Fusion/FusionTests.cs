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

    [Fact]
    public void A_bert_layer_is_four_linears_and_one_attention()
    {
        var plan = PlanCheck.Compile(new TinyBert(2).Graph).Plan;

        Assert.Equal(2 * 4, plan.Steps.OfType<LinearStep>().Count());
        Assert.Equal(2, plan.Steps.OfType<AttentionStep>().Count());
        Assert.Equal(2, plan.Steps.OfType<NestStep>().Count()); // embeddings with their norm, and the mask
    }

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
}
