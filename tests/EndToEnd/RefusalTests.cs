using System.Text.RegularExpressions;
using Xunit;

namespace CompiledBert.EndToEnd;

[Collection(Consumers.Name)]
public sealed class RefusalTests(PackedPackage package) : IDisposable
{
    private readonly Consumer _consumer = new(package);

    public void Dispose() => _consumer.Dispose();

    [Fact]
    public void A_bad_model_is_an_error_with_its_file_and_a_good_build_after_it_works()
    {
        _consumer.WriteApp();
        File.Copy(_consumer.PathOf("tiny.onnx"), _consumer.PathOf("good.onnx"));
        _consumer.CopyModel("bad/html.onnx", "tiny.onnx");
        var log = _consumer.Fail("build");
        Assert.Matches(Regex.Escape(_consumer.PathOf("tiny.onnx")) + @"\s*: error CBERT\d{4}: ", log);
        Assert.DoesNotContain("MSB", log, StringComparison.Ordinal);
        Assert.Empty(_consumer.Results());
        Assert.Empty(Directory.EnumerateFiles(_consumer.Folder, "*.weights", SearchOption.AllDirectories));
        File.Copy(_consumer.PathOf("good.onnx"), _consumer.PathOf("tiny.onnx"), overwrite: true);
        _consumer.Build();
        Assert.Equal("class App.Tiny in App.Tiny", _consumer.Start("bin/Debug/net10.0/App.dll"));
    }

    [Theory]
    [InlineData("<BertModel Include=\"none.onnx\" />", "CBERT0002")]
    [InlineData("<BertModel Include=\"tiny.onnx\" Access=\"friend\" />", "CBERT0003", "public, internal")]
    [InlineData("<BertModel Include=\".\" />", "CBERT0005")]
    [InlineData("<BertModel Include=\"tiny.onnx\" Targets=\"cortex-a55;pixel6\" />", "CBERT0012", "Did you mean pixel-6")]
    [InlineData("<BertModel Include=\"tiny.onnx;TINY.onnx\" />", "CBERT0006", "App.T")]
    public void What_is_asked_wrongly_is_an_error_that_says_how_to_ask(string items, string code, string text = "")
    {
        _consumer.WriteApp();
        File.Copy(_consumer.PathOf("tiny.onnx"), _consumer.PathOf("TINY.onnx"), overwrite: true);
        _consumer.WriteProject("App.csproj", _consumer.Reference + items);
        var log = _consumer.Fail("build");
        Assert.Contains("error " + code, log, StringComparison.Ordinal);
        Assert.Contains(text, log, StringComparison.Ordinal);
        Assert.DoesNotContain("MSB", log, StringComparison.Ordinal);
    }

    [Fact]
    public void A_compiler_that_dies_or_does_not_start_is_an_error()
    {
        _consumer.WriteApp();
        _consumer.Succeed("restore");
        Assert.Contains("error CBERT0008", _consumer.Fail("build", "-p:CompiledBertDotNetHost=no-such-program"), StringComparison.Ordinal);
        Assert.Contains("error CBERT0007", _consumer.Fail("build", "-p:CompiledBertHostAssembly=" + _consumer.PathOf("no-such.dll")), StringComparison.Ordinal);
        _consumer.Build();
    }
}
