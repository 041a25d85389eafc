using System.Text.Json;
using Xunit;
using Xunit.Abstractions;

namespace CompiledBert.Compiler.Tests.Fusion;

/// <summary>What fusion makes of the zoo's models: few steps, and the same ones whoever exported the network.</summary>
public class ZooStepTests(ITestOutputHelper log)
{
    private static readonly string[] Families =
        ["bert", "minilm", "distilbert", "roberta", "camembert", "xlm-roberta", "electra", "tinybert", "bge", "albert"];

    [SharedModelFact("zoo/bert-legacy-op14-eager/model.onnx")]
    public void Besides_linears_and_attentions_a_model_has_at_most_four_steps()
    {
        var over = new List<string>();
        foreach (var folder in Directory.GetDirectories(Path.Combine(RepositoryFiles.SharedModels!, "zoo")).Order(StringComparer.Ordinal))
        {
            using var meta = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "meta.json")));
            string Text(string property) => meta.RootElement.GetProperty(property).GetString()!;
            // Relative keys multiply queries and keys with a table for each distance: products that are no linear and no attention.
            if (Text("precision") != "fp32" || !Families.Contains(Text("family")) || Text("name").Contains("relativekey", StringComparison.Ordinal))
            {
                continue;
            }

            var steps = PlanOf(Path.GetFileName(folder)).Steps;
            var linears = steps.OfType<LinearStep>().ToList();
            var bound = linears.Count + meta.RootElement.GetProperty("layers").GetInt32() + 4;
            log.WriteLine($"{Text("name")}: {steps.Count} steps, at most {bound} ({linears.Count} linears)");
            if (steps.Count > bound || linears.DistinctBy(l => (l.X, l.Rows)).Count() < linears.Count)
            {
                over.Add($"{Text("name")}: {string.Join("; ", steps.Select(s => s.Title))}");
            }
        }

        Assert.Empty(over);
    }

    [SharedModelTheory("zoo/bert-optimum-x188-feature-extraction/model.onnx")]
    [InlineData("bert-optimum-o124-feature-extraction")]
    [InlineData("bert-optimum-o124-O2")]
    [InlineData("bert-ortfused-l0")]
    [InlineData("bert-dynamo-op18-sdpa")]
    [InlineData("bert-dynamo-op23-sdpa")]
    public void The_same_network_from_another_exporter_is_the_same_plan(string name) =>
        Assert.Equal(Schedule(PlanOf("bert-optimum-x188-feature-extraction")), Schedule(PlanOf(name)));

    private static ModelPlan PlanOf(string name)
    {
        using var result = CompilePipeline.Compile(
            new CompileOptions { ModelPath = Path.Combine(RepositoryFiles.SharedModels!, "zoo", name, "model.onnx"), Name = "Zoo" });
        return result.Plan;
    }

    /// <summary>
    /// A plan's text without what the files do not have in common: names of nodes, the length of the position table (and so places of weights and
    /// outputs that nobody asked for), and the arithmetic that makes the mask, which is the one nest besides the embeddings.
    /// </summary>
    private static string Schedule(ModelPlan plan)
    {
        var mask = Assert.Single(plan.Steps.Skip(1).OfType<NestStep>());
        return PlanWriter.Write(plan with
        {
            SourceNodes = 0,
            Symbols = [.. plan.Symbols.Select(s => s with { Max = null })],
            Weights = new WeightsInfo(0, ""),
            Buffers = [.. plan.Buffers.Where(b => b.Kind != BufferKind.Weights)],
            Steps = [.. plan.Steps.Select(s => ReferenceEquals(s, mask)
                ? mask with { Title = "mask", Origins = [], Body = [], Ragged = default }
                : s with { Title = "", Origins = [] })],
        });
    }
}
