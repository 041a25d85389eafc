using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Onnx;

/// <summary>An input or output of a model as its file declares it.</summary>
/// <param name="Name">The name in the model.</param>
/// <param name="Type">The element type that the file declares; the graph computes floating point in 32 bits whatever this is.</param>
/// <param name="Shape">The shape where it is declared; lengths that the file leaves open are symbols.</param>
/// <param name="Rank">How many axes the file declares; null where it does not.</param>
public sealed record Port(string Name, DataType Type, Shape? Shape, int? Rank);

/// <summary>
/// An ONNX model, opened and checked. The weights of its graph lie in the mapped files: dispose it when nothing reads them any more.
/// </summary>
public sealed class OnnxModel : IDisposable
{
    private readonly OnnxFile _file;

    private OnnxModel(OnnxFile file) => _file = file;

    /// <summary>Full paths of the files that were read: the model and its external data, as far as used.</summary>
    public IReadOnlyList<string> FilesRead => [.. _file.FilesRead];

    /// <summary>The inputs that a caller gives, in the model's order.</summary>
    public IReadOnlyList<Port> Inputs { get; private set; } = [];

    /// <summary>All outputs, in the model's order.</summary>
    public IReadOnlyList<Port> Outputs { get; private set; } = [];

    /// <summary>Opens a model and checks the file, its versions and tensors; reads no weights.</summary>
    /// <exception cref="CompileException">The file is not a sound ONNX model.</exception>
    public static OnnxModel Open(string path)
    {
        var file = OnnxFile.Open(path);
        var model = new OnnxModel(file);
        try
        {
            ModelChecks.Check(file);
            var signature = new Signature(file, new Lengths(new ModelGraph()));
            model.Inputs = signature.Inputs;
            model.Outputs = signature.Outputs;
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Imports what the chosen outputs need: names, <c>*</c> for all, none for the first.</summary>
    /// <exception cref="CompileException">The model is not sound, or uses what is not supported.</exception>
    public ModelGraph Import(IReadOnlyList<string> outputs)
    {
        var graph = new ModelGraph { File = _file.Path, SourceNodeCount = _file.Model.Graph.Node.Count };
        var importer = new GraphImporter(_file, graph);
        var scope = new Scope(null) { Opsets = ModelChecks.Opsets(_file.Path, _file.Model.OpsetImport, new Dictionary<string, long>(StringComparer.Ordinal)) };
        var signature = new Signature(_file, importer.Lengths);
        foreach (var input in signature.Inputs)
        {
            scope.Define(input.Name, new Operand(graph.AddInput(input.Name, NodeImport.Computed(input.Type), input.Shape!)));
        }

        importer.WarnOfFixedLengths();
        var order = importer.Enter(_file.Model.Graph, scope, _ => false);
        foreach (var output in signature.Outputs.Where(o => !order.Makes(o.Name) && scope.Find(o.Name) is null))
        {
            throw DiagnosticTable.UndefinedValue.Error(_file.Path, null, "Output", Diagnostic.Abbreviate(output.Name));
        }

        var chosen = Choose(outputs);
        importer.Import(order, chosen, scope);
        importer.SetOutputs(chosen, scope);
        graph.Tidy();
        return graph;
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private List<string> Choose(IReadOnlyList<string> outputs)
    {
        var all = Outputs.Select(o => o.Name).ToList();
        if (outputs.Count == 0)
        {
            return [all[0]];
        }

        if (outputs is ["*"])
        {
            return all;
        }

        foreach (var name in outputs.Where(o => !all.Contains(o)))
        {
            throw DiagnosticTable.UnknownOutput.Error(_file.Path, null, Diagnostic.Abbreviate(name), string.Join(", ", all.Select(Diagnostic.Abbreviate)));
        }

        return [.. outputs.Distinct(StringComparer.Ordinal)];
    }
}
