using System.Globalization;
using CompiledBert.Build.Host;
using CompiledBert.Build.Protocol;
using CompiledBert.Compiler;
using CompiledBert.Compiler.Reports;
using Xunit;

namespace CompiledBert.Build.Tests;

/// <summary>Budgets and baselines of a build, over a plan of one product.</summary>
public sealed class LimitsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Y [T, 64] = X [T, 64] · W, three times.</summary>
    private static ModelPlan Plan(long columns = 64)
    {
        var tokens = Dim.Of(new Symbol("T"));
        var elements = tokens * Dim.Of(columns);
        Step Linear(int i, string from, string to) => new LinearStep
        {
            Title = string.Create(CultureInfo.InvariantCulture, $"layer {i} · linear"),
            Origins = ["MatMul_" + i.ToString(CultureInfo.InvariantCulture)],
            Rows = tokens,
            K = columns,
            N = columns,
            X = new RowOperand(from, Dim.Zero, Dim.Of(columns)),
            Weights = "w0",
            Y = new RowOperand(to, Dim.Zero, Dim.Of(columns)),
        };
        return new ModelPlan
        {
            Name = "M",
            Namespace = "My.App",
            IsPublic = true,
            Source = "m.onnx",
            SourceNodes = 3,
            Symbols = [new PlanSymbol("T", SymbolRole.Tokens, 512)],
            Inputs = [new PlanTensor("x", "x", DataType.Float32, [tokens, Dim.Of(columns)])],
            Outputs = [new PlanTensor("y", "y", DataType.Float32, [tokens, Dim.Of(columns)])],
            Weights = new WeightsInfo(64 + (columns * columns * 4), new string('0', 64)),
            Buffers =
            [
                new PlanBuffer("in0", DataType.Float32, elements, BufferKind.Input, 0),
                new PlanBuffer("out0", DataType.Float32, elements, BufferKind.Output, 0),
                new PlanBuffer("a0", DataType.Float32, elements, BufferKind.Arena, 0), new PlanBuffer("a1", DataType.Float32, elements, BufferKind.Arena, 1),
                new PlanBuffer("w0", DataType.Float32, Dim.Of(columns * columns), BufferKind.Weights, 64),
            ],
            Steps = [Linear(0, "in0", "a0"), Linear(1, "a0", "a1"), Linear(2, "a1", "out0")],
        };
    }

    private BuildAnswer Run(ModelPlan plan, params (string Name, string Value)[] metadata)
    {
        var answer = new BuildAnswer();
        var model = new BuildRequest.Model
        {
            Path = _folder.Write("m.onnx", plan.Weights.Bytes.ToString(CultureInfo.InvariantCulture)),
            Metadata = metadata.ToDictionary(m => m.Name, m => m.Value),
        };
        var request = new BuildRequest { CacheFolder = Path.Combine(_folder.Path, "cache"), RootNamespace = "My.App", Models = [model] };
        new BuildSession(request, new FakeCompiler { Plan = plan }.Compile, new CompilerIdentity("c", []), line => Assert.True(answer.Add(line), line)).Run();
        return answer;
    }

    private static double MillisecondsAt128(string target) => ReportBuilder.Build(
        new CompileResult(Plan(), "", _ => { }, null), new CompileOptions { ModelPath = "m.onnx", Targets = [target] }, lengths: [128]).Targets[0] is var on
            ? on.MillisecondsOf(on.Costs[0].Cycles)
            : 0;

    private static string Budget(double milliseconds) => milliseconds.ToString("R", CultureInfo.InvariantCulture) + "ms@128";

    [Fact]
    public void A_latency_budget_missed_by_one_percent_is_an_error_with_the_number_and_the_largest_steps_and_one_kept_is_silent()
    {
        var takes = MillisecondsAt128("cortex-a55");
        var error = Assert.Single(Run(Plan(), ("Targets", "cortex-a55"), ("LatencyBudget", Budget(takes / 1.01))).Messages, m => m.Severity == "Error");
        Assert.Equal(("CBERT0701", Path.Combine(_folder.Path, "m.onnx")), (error.Code, error.File));
        Assert.Contains("1 % more", error.Text, StringComparison.Ordinal);
        Assert.Contains(takes.ToString("0.###", CultureInfo.InvariantCulture) + " ms on cortex-a55", error.Text, StringComparison.Ordinal);
        Assert.All(["layer 0 · linear", "layer 1 · linear", "layer 2 · linear"], step => Assert.Contains(step, error.Text, StringComparison.Ordinal));

        var kept = Run(Plan(), ("Targets", "cortex-a55"), ("LatencyBudget", Budget(takes * 1.001))).Messages;
        Assert.All(kept, m => Assert.True(m.Severity is "summary" or "table", m.Text));
    }

    [Theory]
    [InlineData("LatencyBudget", "1ns@128", "CBERT0003", "45ms@128")]
    [InlineData("LatencyBudget", "45ms@none", "CBERT0003", "45ms@128")]
    [InlineData("LatencyBudget", "-1ms@128", "CBERT0003", "45ms@128")]
    [InlineData("LatencyBudget", "45ms@128", "CBERT0706", "name the cores or devices in Targets")]
    [InlineData("LatencyBudget", "45ms on cortex-a55", "CBERT0706", "for how many tokens")]
    [InlineData("LatencyBudget", "45ms@1000 on cortex-a55", "CBERT0706", "at most 512 tokens")]
    [InlineData("LatencyBudget", "45ms@128 on cortex-a54", "CBERT0012", "or cortex-a55")]
    [InlineData("LatencyBudget", "1us@128 on pixel-6", "CBERT0701", "pixel-6, cortex-x1")]
    [InlineData("SizeBudget", "25", "CBERT0003", "25MB")]
    [InlineData("SizeBudget", "16kB", "CBERT0702", "16448 bytes, 2.8 % more")]
    [InlineData("MemoryBudget", "1 MB@many", "CBERT0003", "8MB@128")]
    [InlineData("MemoryBudget", "64KiB@128", "", "")]
    [InlineData("MemoryBudget", "65kB@128", "CBERT0703", "65536 bytes")]
    [InlineData("MemoryBudget", "65kB", "CBERT0703", "512 tokens takes 262144 bytes")]
    [InlineData("BaselineTolerance", "2", "CBERT0003", "2%")]
    [InlineData("Baseline", "/nowhere/base.json", "CBERT0705", "There is no such file")]
    [InlineData("Report", "pdf", "CBERT0003", "json, html, none")]
    public void Budgets_are_read_strictly_and_held(string name, string value, string code, string text)
    {
        var errors = Run(Plan(), (name, value)).Messages.Where(m => m.Severity == "Error").ToList();
        Assert.Equal(code.Length == 0 ? [] : [code], errors.Select(e => e.Code));
        Assert.All(errors, e => Assert.Contains(text, e.Text, StringComparison.Ordinal));
    }

    [Fact]
    public void A_baseline_tells_which_steps_grew_and_how_to_take_the_new_state_for_good()
    {
        var first = Run(Plan(), ("Targets", "cortex-a55")).Models[0].Report;
        var baseline = _folder.Write("perf/base.json", File.ReadAllText(first));
        (string, string)[] metadata = [("Targets", "cortex-a55"), ("Baseline", baseline)];
        var same = Run(Plan(), metadata);
        Assert.DoesNotContain(same.Messages, m => m.Severity == "Error");
        Assert.Contains(same.Inputs, i => i.Path == baseline);

        var errors = Run(Plan(96), metadata).Messages.Where(m => m.Severity == "Error").ToList();
        Assert.All(errors, e => Assert.Equal("CBERT0704", e.Code));
        Assert.Contains(errors, e => e.Text.Contains("Steps that grew: layer", StringComparison.Ordinal));
        Assert.Contains(errors, e => e.Text.Contains("the weights take 36928 bytes instead of 16448", StringComparison.Ordinal));
        Assert.All(errors, e => Assert.True(File.Exists(e.Text[(e.Text.LastIndexOf(": ", StringComparison.Ordinal) + 2)..^1]), e.Text));
        Assert.DoesNotContain(Run(Plan(96), [.. metadata, ("BaselineTolerance", "300%")]).Messages, m => m.Severity == "Error");
        Assert.Equal("CBERT0705", Assert.Single(Run(Plan(), ("Targets", "zen4"), ("Baseline", baseline)).Messages, m => m.Severity == "Error").Code);
        _folder.Write("perf/base.json", "{}");
        Assert.Equal("CBERT0705", Assert.Single(Run(Plan(), metadata).Messages, m => m.Severity == "Error").Code);
    }

    [Fact]
    public void Reports_are_written_once_and_only_those_that_are_wanted()
    {
        var usual = Run(Plan()).Models[0];
        Assert.Equal((true, ""), (File.Exists(usual.Report), usual.Page));
        var page = Run(Plan(), ("Report", "html")).Models[0];
        Assert.Equal(usual.Report, page.Report);
        Assert.Contains("\"schema\": \"compiledbert-report-1\"", File.ReadAllText(page.Page), StringComparison.Ordinal);
        Assert.Equal(("", ""), (Run(Plan(), ("Report", "none")).Models[0].Report, Run(Plan(), ("Report", "none")).Models[0].Page));
    }
}
