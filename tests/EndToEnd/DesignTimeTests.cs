using Xunit;

namespace CompiledBert.EndToEnd;

[Collection(Consumers.Name)]
public sealed class DesignTimeTests(PackedPackage package) : IDisposable
{
    private readonly Consumer _consumer = new(package);

    public void Dispose() => _consumer.Dispose();

    [Fact]
    public void An_editor_knows_the_class_before_the_first_build_and_the_real_one_after_it()
    {
        _consumer.WriteApp();
        _consumer.Succeed("restore");
        var before = Assert.Single(_consumer.DesignTimeReferences(), r => Path.GetFileName(r) == "App.Tiny.dll");
        Assert.Contains("compiledbert/signatures/", before.Replace('\\', '/'), StringComparison.Ordinal);
        Assert.Empty(_consumer.Results());
        var made = File.GetLastWriteTimeUtc(before);
        _consumer.DesignTimeReferences();
        Assert.Equal(made, File.GetLastWriteTimeUtc(before));

        _consumer.Build();
        var after = Assert.Single(_consumer.DesignTimeReferences(), r => Path.GetFileName(r) == "App.Tiny.dll");
        Assert.DoesNotContain("signatures", after, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("UpToDateCheckInput")]
    [InlineData("Watch")]
    public void An_editor_is_told_what_a_build_read_beside_the_model(string item)
    {
        _consumer.WriteApp();
        _consumer.Write("config.json", "{}");
        _consumer.Build();
        var files = _consumer.DesignTimeItems("_CompiledBertInputs", item).Select(Path.GetFileName).ToList();
        Assert.Contains("tiny.onnx", files);
        Assert.Contains("config.json", files);
        Assert.DoesNotContain("tokenizer.json", files);
        Assert.DoesNotContain("CompiledBert.Build.Host.dll", files);
    }

    [Theory]
    [InlineData("missing.onnx")]
    [InlineData("broken.onnx")]
    public void An_editor_loads_a_project_whose_model_is_no_model(string model)
    {
        _consumer.WriteApp();
        _consumer.Write("broken.onnx", "<html>");
        _consumer.WriteProject("App.csproj", $"""{_consumer.Reference}<BertModel Include="{model}" /><BertModel Include="tiny.onnx" />""");
        _consumer.Succeed("restore");
        for (var i = 0; i < 2; i++)
        {
            var references = _consumer.DesignTimeReferences().Select(r => Path.GetFileName(r)).ToList();
            Assert.Contains("App.Tiny.dll", references);
            Assert.DoesNotContain("App.Missing.dll", references);
            Assert.DoesNotContain("App.Broken.dll", references);
        }
    }
}
