using CompiledBert.Compiler.Graph;
using CompiledBert.Compiler.Onnx.Schema;
using Google.Protobuf;

namespace CompiledBert.Compiler.Onnx.Writing;

/// <summary>
/// Writes a graph as an ONNX file of opset 17, which every engine reads. It knows the operators that encoders are made of; the same graph gives the same bytes.
/// </summary>
public static class OnnxWriter
{
    private const int Opset = 17;
    private const int IrVersion = 8;

    /// <summary>Writes a graph with its weights. It is left as it is.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="destination">Where the file goes.</param>
    /// <param name="halves">Whether matrices are kept in 16 bits, which a cast in the file widens again: half the size,
    /// and elements rounded to 11 bits.</param>
    /// <exception cref="NotSupportedException">The graph has an operator, or a length, that the writer does not know.</exception>
    public static void Write(ModelGraph graph, Stream destination, bool halves = false)
    {
        var model = new ModelProto { IrVersion = IrVersion, ProducerName = "CompiledBert", Graph = new GraphProto { Name = "model" } };
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = Opset });
        model.Graph.Input.AddRange(graph.Inputs.Select(i => Declare(i.Name, i)));
        model.Graph.Output.AddRange(graph.Outputs.Select(o => Declare(o.Name, o.Value)));
        var nodes = new NodeWriter(graph, model.Graph, halves);
        foreach (var node in graph.Nodes)
        {
            OperatorWriting.Write(node, nodes);
        }

        foreach (var (name, value) in graph.Outputs)
        {
            nodes.Add("Identity", [nodes.NameOf(value)], name);
        }

        model.WriteTo(destination);
    }

    private static ValueInfoProto Declare(string name, Value value)
    {
        var shape = new TensorShapeProto();
        shape.Dim.AddRange(value.Shape.Select(d => d.IsConstant
            ? new TensorShapeProto.Types.Dimension { DimValue = d.Value }
            : new TensorShapeProto.Types.Dimension { DimParam = d.ToString() }));
        var tensor = new TypeProto.Types.Tensor { ElemType = NodeWriter.NumberOf(value.Type), Shape = shape };
        return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = tensor } };
    }
}
