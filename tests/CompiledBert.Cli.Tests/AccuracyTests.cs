using System.Text.Json;

namespace CompiledBert.Cli.Tests;

public sealed class AccuracyTests : IDisposable
{
    private static readonly string Model = Path.Combine(RepositoryFiles.Root, "samples", "MovieMood", "model", "sentiment.onnx");

    private readonly string _texts = Path.GetTempFileName();

    public void Dispose() => File.Delete(_texts);

    [Fact]
    public void Texts_are_counted_in_both_precisions_by_names_and_by_numbers()
    {
        File.WriteAllLines(_texts, ["sentence\tlabel", "a wonderful film\tpositive", "boring and awful\t0", "", "a great cast\t1", "a great cast\tnegative"]);
        var (code, output, errors) = Tool.Run("accuracy", Model, _texts, "--json");
        Assert.Equal((0, ""), (code, errors));
        using var json = JsonDocument.Parse(output);
        var rows = json.RootElement.GetProperty("rows").EnumerateArray().ToList();
        Assert.Equal(["fp32", "int8"], rows.Select(r => r.GetProperty("precision").GetString()));
        Assert.All(rows, r => Assert.Equal(
            (3, 4, 0.75), (r.GetProperty("right").GetInt32(), r.GetProperty("texts").GetInt32(), r.GetProperty("accuracy").GetDouble())));
        Assert.True(rows[0].GetProperty("weightBytes").GetInt64() > 3 * rows[1].GetProperty("weightBytes").GetInt64());

        var (_, table, _) = Tool.Run("accuracy", Model, _texts, "--precision", "int8");
        Assert.Contains(" 75.00 %           3 of 4", table, StringComparison.Ordinal);
    }

    [Fact]
    public void Other_labels_and_models_of_other_tasks_are_refused()
    {
        File.WriteAllLines(_texts, ["fine\t1", "so so\tneutral"]);
        var (code, _, errors) = Tool.Run("accuracy", Model, _texts);
        Assert.Equal(3, code);
        Assert.Contains("CBERT0805", errors, StringComparison.Ordinal);
        Assert.Contains("line 2 has 'neutral'", errors, StringComparison.Ordinal);

        (code, _, errors) = Tool.Run("accuracy", Tool.Model, _texts);
        Assert.Equal(3, code);
        Assert.Contains("CBERT0604", errors, StringComparison.Ordinal);
    }
}
