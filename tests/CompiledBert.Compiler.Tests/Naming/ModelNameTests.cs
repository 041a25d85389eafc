using Xunit;

namespace CompiledBert.Compiler.Tests.Naming;

public class ModelNameTests
{
    [Theory]
    [InlineData("all-MiniLM-L6-v2.onnx", "AllMiniLmL6V2")]
    [InlineData("sentiment.onnx", "Sentiment")]
    [InlineData("bge-small-en-v1.5.onnx", "BgeSmallEnV15")]
    [InlineData("minilm_L12 H384.onnx", "MinilmL12H384")]
    [InlineData("BERTModel.onnx", "BertModel")]
    [InlineData("DistilBERT-base.onnx", "DistilBertBase")]
    [InlineData("gte-Qwen2-1.5B.onnx", "GteQwen215B")]
    [InlineData("2bert.onnx", "Model2bert")]
    [InlineData("класс-b.onnx", "КлассB")]
    [InlineData("---.onnx", "Model")]
    [InlineData("class.onnx", "Class")]
    [InlineData("run.onnx", "RunModel")]
    [InlineData("to-string.onnx", "ToStringModel")]
    public void A_class_is_called_after_its_file(string file, string expected) => Assert.Equal(expected, ModelName.ClassNameFor(file));

    [Theory]
    [InlineData("nets/all-MiniLM-L6-v2/model.onnx", "AllMiniLmL6V2")]
    [InlineData("nets/all-MiniLM-L6-v2/onnx/model.onnx", "AllMiniLmL6V2")]
    [InlineData("nets/all-MiniLM-L6-v2/onnx/model_quantized.onnx", "AllMiniLmL6V2")]
    [InlineData("nets/all-MiniLM-L6-v2/ONNX/Model.onnx", "AllMiniLmL6V2")]
    [InlineData("nets/onnx/tiny.onnx", "Tiny")]
    public void A_file_that_every_model_has_gives_way_to_its_folder(string file, string expected) => Assert.Equal(expected, ModelName.ClassNameFor(file));

    [Theory]
    [InlineData("My.App", "My.App")]
    [InlineData("my-app", "my_app")]
    [InlineData("3d.class", "_3d._class")]
    [InlineData("a..b. c", "a.b.c")]
    [InlineData("", "")]
    public void A_root_namespace_becomes_one_that_is_valid(string root, string expected) => Assert.Equal(expected, ModelName.NamespaceFrom(root));

    [Theory]
    [InlineData("Bert", true)]
    [InlineData("_bert2", true)]
    [InlineData("class", false)]
    [InlineData("Run", false)]
    [InlineData("Steps32", false)]
    [InlineData("Steps3x", true)]
    [InlineData("Sequences", false)]
    [InlineData("My Model", false)]
    [InlineData("A.B", false)]
    [InlineData("2a", false)]
    [InlineData("", false)]
    public void A_given_class_name_must_be_usable_as_it_is(string name, bool valid) => Assert.Equal(valid, ModelName.IsClassName(name));

    [Theory]
    [InlineData("A.B", true)]
    [InlineData("A..B", false)]
    [InlineData("A.new", false)]
    public void A_given_namespace_must_be_usable_as_it_is(string name, bool valid) => Assert.Equal(valid, ModelName.IsNamespace(name));
}
