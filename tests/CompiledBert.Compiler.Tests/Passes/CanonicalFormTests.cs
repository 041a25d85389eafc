using CompiledBert.Compiler.Graph;
using CompiledBert.Compiler.Onnx;
using CompiledBert.Compiler.Passes;
using Xunit.Abstractions;

namespace CompiledBert.Compiler.Tests.Passes;

/// <summary>What real exporters' files become; with the shared folder only.</summary>
public class CanonicalFormTests(ITestOutputHelper log)
{
    // What a layer consists of. Masks, embeddings and heads come on top.
    private static readonly (string Name, int Count)[] Layer =
    [
        ("Linear", 4), ("MatMul", 2), ("Softmax", 1), ("LayerNorm", 2), ("Gelu", 1), ("Transpose", 4), ("Slice", 3),
    ];

    [SharedModelTheory]
    [InlineData("real/all-MiniLM-L6-v2.onnx", 6)]
    [InlineData("zoo/bert-optimum-x188-feature-extraction/model.onnx", 2)]
    [InlineData("zoo/bert-optimum-o124-feature-extraction/model.onnx", 2)]
    [InlineData("zoo/bert-optimum-o124-O2/model.onnx", 2)]
    [InlineData("zoo/bert-ortfused-l0/model.onnx", 2)]
    [InlineData("zoo/bert-dynamo-op18-sdpa/model.onnx", 2)]
    [InlineData("zoo/bert-dynamo-op23-sdpa/model.onnx", 2)]
    [InlineData("zoo/bert-tf2onnx-op13/model.onnx", 2)]
    [InlineData("zoo/bert-torch18-op11/model.onnx", 2)]
    [InlineData("zoo/distilbert-legacy-op14-eager/model.onnx", 2)]
    [InlineData("zoo/distilbert-dynamo-op18-sdpa/model.onnx", 2)]
    [InlineData("big/bert-base-legacy-op17.onnx", 12)]
    public void Layers_have_one_form_whatever_the_exporter(string file, int layers)
    {
        using var model = OnnxModel.Open(Path.Combine(RepositoryFiles.SharedModels!, file));
        var graph = model.Import([]);
        PassPipeline.Run(graph);
        log.WriteLine($"{graph.SourceNodeCount} nodes became {graph.Nodes.Count}: {graph.Text()}");
        foreach (var (name, count) in Layer)
        {
            var found = graph.Nodes.Count(n => n.Operator.Name.StartsWith(name, StringComparison.Ordinal));
            var beside = name is "LayerNorm" ? 1 : name is "Slice" ? found - (layers * 3) : 0;
            Assert.InRange(beside, 0, 1);
            Assert.Equal((layers * count) + beside, found);
        }

        Assert.DoesNotContain(graph.Nodes, n => n.Operator is GatherNd or Expand or Concat);
    }
}
