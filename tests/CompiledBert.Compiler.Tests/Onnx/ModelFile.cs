using CompiledBert.Compiler.Evaluation;
using CompiledBert.Compiler.Graph;
using CompiledBert.Compiler.Onnx;
using CompiledBert.Compiler.Onnx.Schema;
using Google.Protobuf;

namespace CompiledBert.Compiler.Tests.Onnx;

/// <summary>Writes small models for tests, one node after another.</summary>
internal sealed class ModelFile : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cbert").FullName;

    public ModelFile(long opset = 17)
    {
        Model.OpsetImport.Add(new OperatorSetIdProto { Version = opset });
    }

    public ModelProto Model { get; } = new() { IrVersion = 8, Graph = new GraphProto { Name = "g" } };

    public string Path => System.IO.Path.Combine(_folder, "m.onnx");

    public ModelFile Input(string name, int type, params object[] dims)
    {
        var shape = new TensorShapeProto();
        shape.Dim.AddRange(dims.Select(d =>
            d is string s
                ? new TensorShapeProto.Types.Dimension { DimParam = s }
                : new TensorShapeProto.Types.Dimension { DimValue = (int)d }));
        Model.Graph.Input.Add(
            new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = type, Shape = shape } } });
        return this;
    }

    public ModelFile Integers(string name, params long[] values)
    {
        Model.Graph.Initializer.Add(new TensorProto { Name = name, DataType = 7, Dims = { values.Length }, Int64Data = { values } });
        return this;
    }

    public ModelFile Tensor(TensorProto tensor)
    {
        Model.Graph.Initializer.Add(tensor);
        return this;
    }

    public ModelFile Node(string op, string inputs, string outputs, params AttributeProto[] attributes)
    {
        Model.Graph.Node.Add(MakeNode(op, inputs, outputs, attributes));
        return this;
    }

    public static NodeProto MakeNode(string op, string inputs, string outputs, params AttributeProto[] attributes) =>
        new() { OpType = op, Name = op + "_" + outputs, Input = { Names(inputs) }, Output = { Names(outputs) }, Attribute = { attributes } };

    public static AttributeProto Attribute(string name, long value) => new() { Name = name, I = value, Type = 2 };

    public static AttributeProto Attribute(string name, string value) => new() { Name = name, S = ByteString.CopyFromUtf8(value), Type = 3 };

    public static AttributeProto Attribute(string name, GraphProto value) => new() { Name = name, G = value, Type = 5 };

    public ModelGraph Import(params string[] outputs)
    {
        Model.Graph.Output.AddRange(outputs.Select(o => new ValueInfoProto { Name = o }));
        File.WriteAllBytes(Path, Model.ToByteArray());
        var graph = (Opened = OnnxModel.Open(Path)).Import(["*"]);
        GraphVerifier.Verify(graph, "import");
        return graph;
    }

    public OnnxModel? Opened { get; private set; }

    public Diagnostic Refusal(params string[] outputs) => Xunit.Assert.Throws<CompileException>(() => Import(outputs)).Diagnostic;

    public IReadOnlyDictionary<string, Tensor> Run(string[] outputs, params Tensor[] inputs)
    {
        var graph = Import(outputs);
        return GraphEvaluator.Run(graph, graph.Inputs.Zip(inputs).ToDictionary(p => p.First.Name, p => p.Second, StringComparer.Ordinal));
    }

    public void Dispose()
    {
        Opened?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static string[] Names(string names) => names.Length == 0 ? [] : names.Split(' ').Select(n => n == "-" ? "" : n).ToArray();
}
