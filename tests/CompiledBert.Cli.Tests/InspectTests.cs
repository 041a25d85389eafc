namespace CompiledBert.Cli.Tests;

public sealed class InspectTests
{
    [Fact]
    public void It_shows_signature_and_steps()
    {
        var (code, output, errors) = Tool.Run("inspect", Tool.Model);
        Assert.Equal((0, ""), (code, errors));
        Assert.Contains("input_ids: Int64 [B, T]", output, StringComparison.Ordinal);
        Assert.Contains("attention", output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_plan_is_the_same_each_time_and_names_no_folder()
    {
        var first = Tool.Run("inspect", Tool.Model, "--plan");
        Assert.Equal(0, first.Code);
        Assert.Equal(first, Tool.Run("inspect", Tool.Model, "--plan"));
        Assert.DoesNotContain(Tool.Models, first.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Quality_shows_the_signal_to_noise_ratio_of_each_product_in_8_bits()
    {
        var (code, output, errors) = Tool.Run("inspect", Tool.Model, "--quality");
        Assert.Equal((0, ""), (code, errors));
        Assert.Contains("signal-to-noise", output, StringComparison.Ordinal);
        var ratios = System.Text.RegularExpressions.Regex.Matches(output, @"^ *([0-9.]+) dB  ", System.Text.RegularExpressions.RegexOptions.Multiline)
            .Select(m => double.Parse(m.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture)).ToList();
        Assert.NotEmpty(ratios);
        Assert.All(ratios, r => Assert.InRange(r, 20, 60));
        Assert.DoesNotContain("signal-to-noise", Tool.Run("inspect", Tool.Model, "--precision", "int8").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void It_takes_what_an_item_says_about_texts_and_says_where_a_folder_was_looked_for()
    {
        var model = Path.Combine(Tool.Models, "zoo", "minilm-meanpool-l2-legacy-op14", "model.onnx");
        var (code, _, errors) = Tool.Run("inspect", model, "--tokenizer", "nowhere");
        Assert.Equal(3, code);
        Assert.Contains("CBERT0019", errors, StringComparison.Ordinal);
        Assert.Contains(Path.GetFullPath("nowhere"), errors, StringComparison.Ordinal);
        Assert.Contains(Path.Combine(Path.GetDirectoryName(model)!, "nowhere"), errors, StringComparison.Ordinal);
        (code, _, errors) = Tool.Run("inspect", model, "--head", "embed", "--tokenizer", Tool.Models);
        Assert.Equal(3, code);
        Assert.Contains("CBERT0604", errors, StringComparison.Ordinal);
        Assert.Equal(0, Tool.Run("inspect", model, "--head", "RAW").Code);
        Assert.Equal(2, Tool.Run("inspect", model, "--pooling", "middle").Code);
    }

    [Fact]
    public void Help_names_all_commands()
    {
        var (code, output, _) = Tool.Run("--help");
        Assert.Equal(0, code);
        Assert.All(
            ["verify", "bench", "inspect", "compile", "new", "tune", "targets", "report", "diff"],
            command => Assert.Contains(command, output, StringComparison.Ordinal));
    }
}
