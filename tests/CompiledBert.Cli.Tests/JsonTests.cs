using System.Text.Json;

namespace CompiledBert.Cli.Tests;

/// <summary>The documents that scripts read: their fields are a promise.</summary>
public sealed class JsonTests
{
    private static JsonElement Parse(params string[] arguments)
    {
        var (code, output, errors) = Tool.Run(arguments);
        Assert.Equal((0, ""), (code, errors));
        Assert.DoesNotContain("\r", output, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b", output, StringComparison.Ordinal);
        return JsonDocument.Parse(output).RootElement.Clone();
    }

    private static string[] Fields(JsonElement element) => [.. element.EnumerateObject().Select(p => p.Name)];

    [Fact]
    public void Inspect_has_signature_steps_and_costs()
    {
        var root = Parse("inspect", Tool.Model, "--target", "cortex-a76,zen4", "--tokens", "16", "--json");
        Assert.Equal(
            ["schema", "name", "source", "precision", "sourceNodes", "weightsBytes", "summary", "isRagged", "inputs", "outputs",
                "lengths", "checks", "text", "diagnostics", "steps", "costs"],
            Fields(root));
        Assert.Equal("compiledbert-inspect-1", root.GetProperty("schema").GetString());
        Assert.Equal(["B", "T"], root.GetProperty("inputs")[0].GetProperty("shape").EnumerateArray().Select(d => d.GetString()!));
        var steps = root.GetProperty("steps");
        Assert.Equal(["title", "kind", "shape", "isInteger", "ragged", "signalToNoise", "resultSignalToNoise", "nodes"], Fields(steps[0]));
        var costs = root.GetProperty("costs").EnumerateArray().ToList();
        Assert.Equal(["cortex-a76", "zen4"], costs.Select(c => c.GetProperty("core").GetString()!));
        Assert.All(costs, cost =>
        {
            Assert.Equal(["kind", "core", "gigahertz", "isCorrected", "tokens", "milliseconds", "cycles", "unknownSteps", "steps"], Fields(cost));
            Assert.Equal(steps.GetArrayLength(), cost.GetProperty("steps").GetArrayLength());
            Assert.InRange(
                cost.GetProperty("steps").EnumerateArray().Sum(s => s.GetProperty("cycles").GetDouble()) / cost.GetProperty("cycles").GetDouble(),
                0.999, 1.001);
        });
    }

    [Fact]
    public void Targets_has_cores_and_devices()
    {
        var root = Parse("targets", "--json");
        Assert.Equal(["schema", "cores", "devices"], Fields(root));
        Assert.All(root.GetProperty("cores").EnumerateArray(), core => Assert.NotEqual(0, core.GetProperty("multiplyAdds").GetDouble()));
        Assert.Contains(root.GetProperty("devices").EnumerateArray(), device => device.GetProperty("name").GetString() == "pixel-6");
    }

    [Fact]
    public void Verify_has_a_row_for_each_output_of_each_data_set()
    {
        var root = Parse("verify", Tool.Model, "--json");
        Assert.Equal(["model", "agrees", "tolerance", "error", "rows"], Fields(root));
        Assert.True(root.GetProperty("agrees").GetBoolean());
        Assert.Equal(["dataSet", "output", "maxDifference", "relativeDifference", "cosine", "agrees", "failure"], Fields(root.GetProperty("rows")[0]));
    }

    [Theory]
    [InlineData("inspect")]
    [InlineData("bench")]
    [InlineData("report")]
    public void A_refusal_leaves_standard_output_empty(string command)
    {
        var (code, output, errors) = Tool.Run(command, Path.Combine(Tool.Models, "none.onnx"), "--json");
        Assert.Equal((3, ""), (code, output));
        Assert.Contains("CBERT0002", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void The_exit_codes_of_the_help_are_those_of_the_page()
    {
        var page = File.ReadAllText(Path.Combine(RepositoryFiles.Root, "docs", "tool.md"));
        var help = Tool.Run("--help").Output;
        foreach (var line in ExitCode.Table.Split('\n'))
        {
            Assert.Contains(line.Trim(), help, StringComparison.Ordinal);
            Assert.Contains(
                "| " + line.Trim().Replace("  ", " | ", StringComparison.Ordinal) + " |",
                page.Replace("`", "", StringComparison.Ordinal), StringComparison.Ordinal);
        }
    }
}
