using System.Text.Json;
using CompiledBert.Compiler.Targets;

namespace CompiledBert.Cli.Tests;

public sealed class BenchTests
{
    [Fact]
    public void Json_has_the_instructions_and_a_row_for_each_engine_length_and_thread_count()
    {
        var (code, output, errors) = Tool.Run(
            "bench", Tool.Model, "--tokens", "4,9", "--threads", "1,2", "--precision", "fp32", "--against", "onnxruntime", "--seconds", "0.01", "--json");
        Assert.True(code == 0, errors);
        using var json = JsonDocument.Parse(output);
        Assert.NotEqual(0, json.RootElement.GetProperty("instructions").GetArrayLength());
        var rows = json.RootElement.GetProperty("rows").EnumerateArray().ToList();
        Assert.Equal(8, rows.Count);
        Assert.Equal(["compiledbert", "onnxruntime"], rows.Select(r => r.GetProperty("engine").GetString()!).Distinct());
        Assert.Equal([4, 9], rows.Select(r => r.GetProperty("tokens").GetInt32()).Distinct());
        Assert.Equal([1, 2], rows.Select(r => r.GetProperty("threads").GetInt32()).Distinct());
        Assert.All(rows, row =>
        {
            Assert.Equal("fp32", row.GetProperty("precision").GetString());
            Assert.InRange(row.GetProperty("minMs").GetDouble(), 0, row.GetProperty("medianMs").GetDouble());
            Assert.InRange(row.GetProperty("maxDifference").GetDouble(), 0, 1e-4);
            Assert.InRange(row.GetProperty("cosine").GetDouble(), 0.99999, 1.00001);
        });
    }

    [Fact]
    public void Alone_the_text_has_a_row_for_each_length()
    {
        var (code, output, errors) = Tool.Run("bench", Tool.Model, "--tokens", "4", "--tokens", "9", "--seconds", "0.01");
        Assert.Equal((0, ""), (code, errors));
        Assert.Equal(2, output.Split('\n').Count(line => line.StartsWith("compiledbert", StringComparison.Ordinal)));
    }

    [Fact]
    public void Steps_are_measured_beside_their_estimates_and_sum_up()
    {
        var (code, output, errors) = Tool.Run("bench", Tool.Model, "--steps", "--tokens", "4,9", "--precision", "fp32,int8", "--seconds", "0.01", "--json");
        Assert.Equal((0, ""), (code, errors));
        using var json = JsonDocument.Parse(output);
        var calls = json.RootElement.GetProperty("calls").EnumerateArray().ToList();
        Assert.Equal(4, calls.Count);
        Assert.All(calls, call =>
        {
            Assert.Contains(TargetTable.Cores, c => c.Name == call.GetProperty("core").GetString());
            var steps = call.GetProperty("steps").EnumerateArray().ToList();
            Assert.Equal(call.GetProperty("measuredMs").GetDouble(), steps.Sum(s => s.GetProperty("measuredMs").GetDouble()), 4);
            Assert.Equal(call.GetProperty("estimatedMs").GetDouble(), steps.Sum(s => s.GetProperty("estimatedMs").GetDouble()), 4);
        });

        var table = Tool.Run("bench", Tool.Model, "--steps", "--tokens", "4", "--seconds", "0.01", "--target", "cortex-a76").Output;
        Assert.Contains("sum of the steps", table, StringComparison.Ordinal);
        Assert.Contains("Cortex-A76", table, StringComparison.Ordinal);
    }

    [Fact]
    public void More_tokens_than_the_model_takes_are_refused()
    {
        var (code, _, errors) = Tool.Run("bench", Tool.Model, "--tokens", "100000");
        Assert.Equal(3, code);
        Assert.Contains("tokens", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--tokens", "0")]
    [InlineData("--tokens", "x")]
    [InlineData("--threads", "1,x")]
    [InlineData("--threads", "257")]
    [InlineData("--against", "abacus")]
    [InlineData("--against-model", "other.onnx")]
    [InlineData("--target", "zen4")]
    [InlineData("--steps", "--against=onnxruntime")]
    [InlineData("--steps", "--threads=2")]
    public void A_bad_option_ends_with_two(string option, string value) => Assert.Equal(2, Tool.Run("bench", Tool.Model, option, value).Code);
}
