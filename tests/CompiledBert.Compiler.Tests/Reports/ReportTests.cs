using CompiledBert.Compiler.Cost;
using CompiledBert.Compiler.Reports;
using CompiledBert.Compiler.Targets;
using Xunit;

namespace CompiledBert.Compiler.Tests.Reports;

public class ReportTests
{
    private static CompileOptions Options(string model = "minilm-meanpool-l2-legacy-op14", Precision precision = Precision.Fp32) =>
        new() { ModelPath = Path.Combine(RepositoryFiles.Zoo, model, "model.onnx"), Precision = precision, Targets = ["pixel-6"] };

    private static ModelReport Report(CompileOptions options)
    {
        using var result = CompilePipeline.Compile(options);
        return ReportBuilder.Build(result, options);
    }

    [Fact]
    public void The_sum_of_the_steps_is_the_total_and_what_the_cost_model_says()
    {
        var options = Options();
        using var result = CompilePipeline.Compile(options);
        var report = ReportBuilder.Build(result, options);
        Assert.Equal(["cortex-x1", "cortex-a76", "cortex-a55"], report.Targets.Select(t => t.Core));
        foreach (var (target, core) in report.Targets.Zip(TargetTable.Find("pixel-6")))
        {
            foreach (var (length, cost) in report.Lengths.Zip(target.Costs))
            {
                Assert.Equal(cost.Cycles, cost.StepCycles.Sum(c => c!.Value));
                Assert.Equal(CostModel.Estimate(result.Plan, core, 1, length.Tokens!.Value).Cycles, cost.Cycles, (double)report.Steps.Count);
            }
        }
    }

    [Fact]
    public void A_step_of_unknown_cost_is_unknown_and_not_zero()
    {
        var cost = new CallReport([10, null, 5], [false, false, true]);
        Assert.Equal((15, 1), (cost.Cycles, cost.UnknownSteps));
        var report = Report(Options());
        CallReport Unknown(CallReport call) => call with { StepCycles = [null, .. call.StepCycles.Skip(1)] };
        report = report with { Targets = [.. report.Targets.Select(t => t with { Costs = [.. t.Costs.Select(Unknown)] })] };
        var json = ReportJson.Write(report);
        Assert.Contains("\"stepCycles\": [null, ", json, StringComparison.Ordinal);
        Assert.Null(ReportJson.Read(json).Targets[0].Costs[0].StepCycles[0]);
        Assert.Contains("> ", ReportTable.Lines(report)[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("minilm-meanpool-l2-legacy-op14", Precision.Fp32)]
    [InlineData("bert-torch18-op10-squad-static", Precision.Fp32)]
    [InlineData("bert-dynamo-op18-sdpa", Precision.Int8)]
    [InlineData("container-externaldata-onefile", Precision.Fp32)]
    public void A_report_is_the_same_each_time_and_is_read_as_it_was_written(string model, Precision precision)
    {
        var options = Options(model, precision);
        var json = ReportJson.Write(Report(options));
        Assert.Equal(json, ReportJson.Write(Report(options)));
        Assert.Equal(json, ReportJson.Write(ReportJson.Read(json)));
        Assert.DoesNotContain(RepositoryFiles.Root, json, StringComparison.Ordinal);
        Assert.Contains(EmittedSize.Unknown, json, StringComparison.Ordinal);
    }

    [Fact]
    public void Fusion_writes_less_than_the_nodes_would_and_every_step_has_its_nodes()
    {
        var report = Report(Options());
        Assert.All(report.Lengths, l => Assert.InRange(l.WrittenBytes, 1, l.NodeByNodeBytes / 2));
        Assert.All(report.Steps, s => Assert.NotEmpty(s.Nodes));
        Assert.InRange(report.Weights.Sum(w => w.Bytes), report.WeightsBytes * 9 / 10, report.WeightsBytes);
        Assert.All(report.Weights, w => Assert.NotEmpty(w.Name));
        Assert.All(report.Buffers, b => Assert.InRange(b.Last, b.First, report.Steps.Count - 1));
    }

    [Fact]
    public void Products_in_whole_numbers_tell_what_their_rounding_costs()
    {
        var report = Report(Options("bert-dynamo-op18-sdpa", Precision.Int8));
        Assert.Contains(report.Steps, s => s is { Kind: "attention", Precision: "int8" });
        var integer = report.Steps.Where(s => s is { Kind: "linear", Precision: "int8" }).ToList();
        Assert.NotEmpty(integer);
        Assert.All(integer, s => Assert.InRange(s.SignalToNoise!.Value, 25, 60));
        Assert.All(report.Steps.Except(integer), s => Assert.Null(s.SignalToNoise));
    }

    [Fact]
    public void A_product_counts_two_operations_a_multiply_add()
    {
        var report = Report(Options());
        var linear = report.Steps.First(s => s.Kind == "linear");
        var at = Enumerable.Range(0, report.Lengths.Count).First(i => report.Lengths[i].Tokens == 16);
        using var result = CompilePipeline.Compile(Options());
        var step = result.Plan.Steps.OfType<LinearStep>().First();
        Assert.InRange(linear.Operations[at], 2 * 16 * step.K * step.N, (2 * 16 * step.K * step.N) + (16 * step.N * 40));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"schema\": \"compiledbert-report-0\"}")]
    [InlineData("{\"schema\": \"compiledbert-report-1\"}")]
    public void What_is_no_report_is_refused(string text) => Assert.Throws<FormatException>(() => ReportJson.Read(text));

    [Fact]
    public void A_name_in_a_model_cannot_end_the_script_of_its_page()
    {
        var page = ReportPage.Write("{\"name\": \"</script><b>\"}");
        Assert.DoesNotContain("</script><b>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("http", page, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void A_comparison_names_the_steps_that_grew_most_first()
    {
        var before = Report(Options());
        CallReport Slower(CallReport call) => call with { StepCycles = [call.StepCycles[0] * 100, call.StepCycles[1] * 2, .. call.StepCycles.Skip(2)] };
        var slower = before with { Targets = [.. before.Targets.Select(t => t with { Costs = [.. t.Costs.Select(Slower)] })] };
        var comparison = ReportComparison.Of(before, slower);
        Assert.Equal(before.Targets.Count * before.Lengths.Count, comparison.Calls.Count);
        Assert.All(comparison.Calls, c => Assert.Equal(2, c.Steps.Count));
        Assert.Contains(before.Steps[0].Title, Assert.Single(comparison.Worse(0.01)), StringComparison.Ordinal);
        Assert.Empty(ReportComparison.Of(before, before).Worse(0));
        Assert.Empty(ReportComparison.Of(slower, before).Worse(0));
    }
}
