using System.Text.Json;

namespace CompiledBert.Cli.Tests;

public sealed class VerifyTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cbert").FullName;

    [Fact]
    public void A_model_that_agrees_ends_with_zero_and_a_line_for_each_output()
    {
        var (code, output, errors) = Tool.Run("verify", Tool.Model);
        Assert.Equal((0, ""), (code, errors));
        Assert.Contains("test_data_set_0", output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', output);
        Assert.All(output.Trim().Split('\n').Skip(1), line => Assert.EndsWith("agrees", line.TrimEnd(), StringComparison.Ordinal));
    }

    [Fact]
    public void Json_has_numbers_for_each_output()
    {
        var (code, output, _) = Tool.Run("verify", Tool.Model, "--json", "--precision", "fp32");
        Assert.Equal(0, code);
        using var json = JsonDocument.Parse(output);
        Assert.True(json.RootElement.GetProperty("agrees").GetBoolean());
        Assert.All(json.RootElement.GetProperty("rows").EnumerateArray(), row => Assert.InRange(row.GetProperty("cosine").GetDouble(), 0.999999, 1.000001));
    }

    [Fact]
    public void A_tolerance_of_nothing_is_not_met()
    {
        var (code, output, _) = Tool.Run("verify", Tool.Model, "--tolerance", "0");
        Assert.Equal(1, code);
        Assert.Contains("DIFFERS", output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_reference_of_another_shape_is_a_difference()
    {
        CopyModel();
        var data = Path.Combine(_folder, "test_data_set_0");
        File.Copy(Path.Combine(data, "input_0.pb"), Path.Combine(data, "output_0.pb"), overwrite: true);
        var (code, output, _) = Tool.Run("verify", Path.Combine(_folder, "model.onnx"));
        Assert.Equal(1, code);
        Assert.Contains("its shape is", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"atol\": 0.5}", 0, "tolerance 5e-1 ")]
    [InlineData("{\"atol\": 0.5, \"min_cosine\": 0.999}", 0, "cosine at least 0.999")]
    [InlineData("{\"atol\": 0.5, \"min_cosine\": 1.5}", 1, "cosine at least 1.5")]
    [InlineData("{\"atol\": 0}", 1, "0")]
    public void The_tolerance_beside_a_model_counts(string tolerance, int expected, string shown)
    {
        CopyModel();
        File.WriteAllText(Path.Combine(_folder, "meta.json"), "{\"suggested_tolerance\": " + tolerance + "}");
        var (code, output, _) = Tool.Run("verify", Path.Combine(_folder, "model.onnx"));
        Assert.Equal(expected, code);
        Assert.Contains(shown, output.Split('\n')[0], StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_without_test_data_cannot_agree()
    {
        File.Copy(Tool.Model, Path.Combine(_folder, "model.onnx"));
        var (code, output, errors) = Tool.Run("verify", Path.Combine(_folder, "model.onnx"));
        Assert.Equal(4, code);
        Assert.DoesNotContain(" agrees", output, StringComparison.Ordinal);
        Assert.Contains("test_data_set_", errors, StringComparison.Ordinal);
        Assert.Equal(4, Tool.Run("verify", _folder).Code);
    }

    [Theory]
    [InlineData("truncated-half.onnx", "CBERT0102")]
    [InlineData("html.onnx", "CBERT0101")]
    [InlineData("unknown-op.onnx", "CBERT03")]
    [InlineData("not-there.onnx", "CBERT0002")]
    public void A_refused_model_ends_with_three_and_its_error(string file, string error)
    {
        var (code, output, errors) = Tool.Run("verify", Path.Combine(Tool.Models, "bad", file));
        Assert.Equal((3, ""), (code, output));
        Assert.Contains(error, errors, StringComparison.Ordinal);
        Assert.Contains(file, errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_gives_a_line_for_each_model_and_the_gravest_code()
    {
        CopyModel();
        var (code, output, _) = Tool.Run("verify", _folder);
        Assert.Equal(0, code);
        Assert.Contains("1 models: 1 agree, 0 refused, 0 WRONG", output, StringComparison.Ordinal);

        File.Copy(Path.Combine(Tool.Models, "bad", "truncated-half.onnx"), Path.Combine(_folder, "broken.onnx"));
        (code, output, _) = Tool.Run("verify", _folder);
        Assert.Equal(3, code);
        Assert.Contains("2 models: 1 agree, 1 refused, 0 WRONG", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--precision", "fp7")]
    [InlineData("--tolerance", "-1")]
    [InlineData("--tolerance", "much")]
    [InlineData("--threads", "0")]
    [InlineData("--nonsense", "1")]
    public void A_bad_option_ends_with_two(string option, string value)
    {
        var (code, _, errors) = Tool.Run("verify", Tool.Model, option, value);
        Assert.Equal(2, code);
        Assert.NotEmpty(errors);
    }

    [Fact]
    public void An_output_that_is_not_there_is_refused_with_those_that_are()
    {
        var (code, _, errors) = Tool.Run("verify", Tool.Model, "--outputs", "nothing");
        Assert.Equal(3, code);
        Assert.Contains("CBERT0004", errors, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void CopyModel()
    {
        var source = Path.GetDirectoryName(Tool.Model)!;
        foreach (var file in Directory.GetFiles(source, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(_folder, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
