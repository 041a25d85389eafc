using System.Runtime.InteropServices;
using CompiledBert.Cli.Sessions;
using CompiledBert.Cli.Verification;
using CompiledBert.Compiler;
using CompiledBert.Compiler.Graph;
using CompiledBert.Compiler.Onnx.Schema;
using CompiledBert.Parity.Operators;
using Google.Protobuf;

namespace CompiledBert.Parity;

/// <summary>
/// A model that rounds its activations to 8 bits inside has values that stand between two steps; which one they fall to hangs on the last bit of everything
/// before them. Where the emitted code falls to another step than ONNX Runtime does, ONNX Runtime must fall there too once the last bits of the embeddings
/// are changed: then the difference is the model's, and no error of ours.
/// </summary>
public sealed class RoundedActivationTests
{
    private const int Perturbations = 16;

    [SharedModelTheory("zoo/llama-matmulnbits4-acc4/model.onnx")]
    [InlineData("llama-matmulnbits4-acc4", "embed_tokens.weight")]
    public void Each_output_is_one_that_onnxruntime_gives_when_last_bits_of_the_embeddings_change(string name, string table)
    {
        var path = Path.Combine(RepositoryFiles.SharedModels!, "zoo", name, "model.onnx");
        var tolerance = Tolerance.Beside(path);
        using var session = ModelSession.Compile(new CompileOptions { ModelPath = path, Outputs = ["*"] });
        var open = DataSet.Beside(path).Select(set => new Case(set, session)).ToList();
        var model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));
        var output = model.Graph.Output.Single().Name;
        var weights = model.Graph.Initializer.Single(t => t.Name.EndsWith(table, StringComparison.Ordinal));
        var bits = weights.RawData.ToByteArray();
        for (var seed = 0; seed < Perturbations && open.Count > 0; seed++)
        {
            weights.RawData = ByteString.CopyFrom(Perturbed(bits, seed));
            using var file = new TemporaryFile(model.ToByteArray());
            open.RemoveAll(c => TensorComparison.Of(c.Actual, OnnxRuntimeReference.Run(file.Path, [output], c.Inputs)[0], tolerance).Agrees);
        }

        Assert.Empty(open.Select(c => c.Name));
    }

    /// <summary>The floats with each one's last bit moved by −1, 0 or 1; as they are for seed 0.</summary>
    private static byte[] Perturbed(byte[] floats, int seed)
    {
        var random = new Random(seed);
        var changed = (byte[])floats.Clone();
        foreach (ref var word in MemoryMarshal.Cast<byte, int>(changed.AsSpan()))
        {
            word += seed == 0 ? 0 : random.Next(-1, 2);
        }

        return changed;
    }

    private sealed class Case(DataSet set, ModelSession session)
    {
        public string Name => set.Name;

        public HostTensor[] Inputs { get; } = [.. session.Plan.Inputs.Select((_, i) => HostTensor.From(set.Input(i), set.Input(i).Type))];

        public HostTensor Actual { get; } = session.Run([.. session.Plan.Inputs.Select((input, i) => HostTensor.From(set.Input(i), input.Type))])[0];
    }

    private sealed class TemporaryFile : IDisposable
    {
        public TemporaryFile(byte[] bytes) => File.WriteAllBytes(Path, bytes);

        public string Path { get; } = System.IO.Path.GetTempFileName();

        public void Dispose() => File.Delete(Path);
    }
}
