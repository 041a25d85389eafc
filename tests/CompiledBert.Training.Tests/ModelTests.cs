using CompiledBert.Cli.Sessions;
using CompiledBert.Compiler;
using CompiledBert.Compiler.Onnx.Writing;
using CompiledBert.Search.Graphs;
using CompiledBert.Search.Space;
using CompiledBert.Training.Data;
using CompiledBert.Training.Learning;
using CompiledBert.Training.Models;
using static TorchSharp.torch;

namespace CompiledBert.Training.Tests;

public sealed class ModelTests
{
    [TorchTheory]
    [InlineData("plain")]
    [InlineData("factored relu")]
    [InlineData("nonorm")]
    [InlineData("mean pooler")]
    [InlineData("every token")]
    [InlineData("without segments")]
    public void What_is_trained_computes_what_is_compiled(string name)
    {
        var shape = name switch
        {
            "factored relu" => Toy.Shape with { Embedding = 16, Activation = Activation.Relu },
            "nonorm" => Toy.Shape with { Norm = Norm.NoNorm, Layers = [.. Toy.Shape.Layers.Take(2)] },
            _ => Toy.Shape,
        };
        var task = name switch
        {
            "mean pooler" => Toy.Task with { Pooling = Pooling.Mean, HasPooler = true },
            "every token" => Toy.Task with { Pooling = Pooling.None },
            "without segments" => Toy.Task with { Segments = 0 },
            _ => Toy.Task,
        };
        var weights = Beginnings.Random(shape, task, 5);
        var path = Path.Combine(Path.GetTempPath(), $"torch-{Guid.NewGuid():N}.onnx");
        try
        {
            using (var stream = File.Create(path))
            {
                OnnxWriter.Write(BertGraph.Of(shape, task, new KnownBertWeights(weights)), stream);
            }

            using var session = ModelSession.Compile(new CompileOptions { ModelPath = path, Name = "Trained" });
            var read = name == "nonorm" ? new ReadBert(shape, task, weights) : BertReader.Read(path);
            using var model = new TorchBert(read.Shape, read.Task, read.Weights);
            using var none = no_grad();
            foreach (var example in Toy.Examples(4, 9))
            {
                using var batch = Batch.Of([example]);
                var expected = model.Forward(batch).Results.contiguous().data<float>().ToArray();
                HostTensor Of(Func<int, long> value) => HostTensor.Of([1, example.Ids.Length], [.. Enumerable.Range(0, example.Ids.Length).Select(value)]);
                HostTensor[] inputs = [Of(i => example.Ids[i]), Of(_ => 1), Of(i => example.Segments[i])];
                var actual = session.Run(task.Segments > 0 ? inputs : inputs[..2])[0].As<float>();
                for (var i = 0; i < expected.Length; i++)
                {
                    Assert.Equal(expected[i], actual[i], 1e-5f);
                }
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    [TorchFact("real/all-MiniLM-L6-v2.onnx")]
    public void A_model_that_everybody_downloads_is_the_same_when_it_is_trained_further()
    {
        var path = RepositoryFiles.Shared("real/all-MiniLM-L6-v2.onnx")!;
        var read = BertReader.Read(path);
        Assert.Equal((30_522, 384, 6, 12), (read.Shape.Vocabulary, read.Shape.Width, read.Shape.Layers.Count, read.Shape.Layers[0].Heads));
        var (task, weights) = Beginnings.WithNewHead(read, 2, 128, Pooling.Cls, 1);
        using var model = new TorchBert(read.Shape, task, weights);
        using var none = no_grad();
        using var session = ModelSession.Compile(new CompileOptions { ModelPath = path, Name = "MiniLm" });
        int[] ids = [101, 1037, 2158, 2003, 5983, 2833, 1012, 102];
        using var batch = Batch.Of([new Example(ids, new byte[ids.Length], 0)]);
        var expected = model.Forward(batch, everyRow: true).Hidden[^1].contiguous().data<float>().ToArray();
        HostTensor Of(Func<int, long> value) => HostTensor.Of([1, ids.Length], [.. Enumerable.Range(0, ids.Length).Select(value)]);
        var actual = session.Run([Of(i => ids[i]), Of(_ => 1), Of(_ => 0)])[0].As<float>();
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], actual[i], 1e-5f);
        }
    }

    [TorchFact]
    public void Padding_changes_nothing()
    {
        using var none = no_grad();
        using var model = new TorchBert(Toy.Shape, Toy.Task, Beginnings.Random(Toy.Shape, Toy.Task, 5));
        var examples = Toy.Examples(7, 2);
        using var together = Batch.Of(examples);
        var all = model.Forward(together).Results.contiguous().data<float>().ToArray();
        for (var i = 0; i < examples.Count; i++)
        {
            using var alone = Batch.Of([examples[i]]);
            Assert.Equal(model.Forward(alone).Results.contiguous().data<float>().ToArray()[1], all[(2 * i) + 1], 1e-5f);
        }
    }
}
