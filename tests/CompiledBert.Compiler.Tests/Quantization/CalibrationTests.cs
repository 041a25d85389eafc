using CompiledBert.Compiler.Quantization;
using CompiledBert.Tests;
using Xunit;

namespace CompiledBert.Compiler.Tests.Quantization;

public sealed class CalibrationTests : IDisposable
{
    private static readonly string Model = Path.Combine(RepositoryFiles.Zoo, "bert-legacy-op14-eager", "model.onnx");
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    private Calibration Read(string text)
    {
        File.WriteAllText(_path, text);
        return Calibration.Read(_path, "m.onnx");
    }

    private static string Refusal(Action action) =>
        Assert.Throws<CompileException>(action).Diagnostic is { Code: "CBERT0016" } diagnostic ? diagnostic.Message : "another code";

    private static byte[] Weights(CompileOptions options)
    {
        using var result = CompilePipeline.Compile(options);
        using var stream = new MemoryStream();
        result.WriteWeights(stream);
        return stream.ToArray();
    }

    [Fact]
    public void Lines_are_arrays_or_objects_with_one()
    {
        var calibration = Read("[101, 5, 102]\n\n{\"text\": \"x\", \"input_ids\": [101, 102], \"attention_mask\": [1, 1]}\r\n");
        Assert.Equal([[101, 5, 102], [101, 102]], calibration.Sequences);
        Assert.Equal(calibration.Hash, Read("[101,5,102]\n[101,102]").Hash);
        Assert.NotEqual(calibration.Hash, Read("[101,5]\n[102,101,102]").Hash);
    }

    [Theory]
    [InlineData("", "no lines")]
    [InlineData("[1]\n[]", "Line 2")]
    [InlineData("[1]\n[1.5]", "Line 2: 1.5 is not an id")]
    [InlineData("[-1]", "Line 1")]
    [InlineData("[\"a\"]", "Line 1")]
    [InlineData("[3000000000]", "Line 1")]
    [InlineData("101 102", "Line 1")]
    [InlineData("{\"ids\": [1]}", "no input_ids")]
    [InlineData("{\"input_ids\": 1}", "no array")]
    public void What_is_not_ids_is_refused_with_its_line(string text, string why) =>
        Assert.Contains(why, Refusal(() => Read(text)), StringComparison.Ordinal);

    [Fact]
    public void A_file_that_is_not_there_is_refused() =>
        Assert.Contains("no such file", Refusal(() => Calibration.Read(_path + ".none", "m.onnx")), StringComparison.Ordinal);

    [Theory]
    [InlineData("[5, 100000]", "sequence 1, of 2 ids: id 100000")]
    [InlineData(null, "sequence 2")]
    public void Ids_that_the_model_cannot_take_are_refused(string? text, string why)
    {
        var calibration = Read(text ?? "[1]\n[" + string.Join(',', Enumerable.Repeat(1, 5000)) + "]");
        var options = new CompileOptions { ModelPath = Model, Precision = Precision.Int8, Calibration = calibration };
        Assert.Contains(why, Refusal(() => CompilePipeline.Compile(options).Dispose()), StringComparison.Ordinal);
    }

    [Fact]
    public void In_floats_there_is_nothing_to_calibrate()
    {
        var options = new CompileOptions { ModelPath = Model, Calibration = Read("[1]") };
        Assert.Contains("int8", Refusal(() => CompilePipeline.Compile(options).Dispose()), StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_ids_give_the_same_bytes_and_others_other_ones()
    {
        var options = new CompileOptions { ModelPath = Model, Precision = Precision.Int8 };
        var calibrated = Weights(options with { Calibration = Read("[5, 6, 7]\n[8, 9]") });
        Assert.Equal(calibrated, Weights(options with { Calibration = Read("[5, 6, 7]\n[8, 9]") }));
        Assert.NotEqual(calibrated, Weights(options with { Calibration = Read("[15, 16, 17]\n[18, 19]") }));
        Assert.NotEqual(calibrated, Weights(options));
        Assert.Equal(Weights(options), Weights(options));
    }
}
