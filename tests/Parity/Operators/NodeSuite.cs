using CompiledBert.Compiler.Onnx;
using CompiledBert.Compiler.Onnx.Schema;
using Google.Protobuf;

namespace CompiledBert.Parity.Operators;

/// <summary>
/// ONNX's own tests of single operators (opsets up to 17), as Debian's package libonnx-testdata installs them. Nobody here wrote them.
/// </summary>
internal static class NodeSuite
{
    private const string Folder = "/usr/share/libonnx-testdata/data/node";

    /// <summary>Operands that decide shapes or what is computed at all. The tests pass them as inputs, models have them as constants.</summary>
    private static readonly Dictionary<string, int[]> Deciding = new(StringComparer.Ordinal)
    {
        ["Reshape"] = [1], ["Expand"] = [1], ["Tile"] = [1], ["Slice"] = [1, 2, 3, 4],
        ["Squeeze"] = [1], ["Unsqueeze"] = [1], ["Pad"] = [1, 3], ["Split"] = [1],
        ["TopK"] = [1], ["CumSum"] = [1], ["OneHot"] = [1], ["Range"] = [0, 1, 2], ["ConstantOfShape"] = [0], ["Trilu"] = [1], ["ReduceSum"] = [1],
        ["Dropout"] = [1, 2], ["Compress"] = [1], ["NonZero"] = [0], ["If"] = [0],
    };

    /// <summary>Why the tests cannot run here; null where they can.</summary>
    public static string? WhyWithout => Directory.Exists(Folder) ? null : "Debian's package libonnx-testdata is not installed.";

    /// <summary>The tests' names, without those whose operators are not all supported.</summary>
    public static IReadOnlyList<NodeTest> Supported { get; } = WhyWithout is null
        ? [.. Directory.GetDirectories(Folder).Order(StringComparer.Ordinal).Select(Read).Where(t => t.Operators.All(Supports))]
        : [];

    /// <summary>
    /// Writes a test's model and data to a folder, the deciding operands as constants. Says whether there were any.
    /// </summary>
    public static bool Prepare(NodeTest test, string to)
    {
        var model = test.Model.Clone();
        var graph = model.Graph;
        var constants = graph.Input.Select(i => i.Name).Where(name => Decides(graph, name)).ToHashSet(StringComparer.Ordinal);
        foreach (var set in Directory.GetDirectories(test.Folder, "test_data_set_*"))
        {
            var own = Directory.CreateDirectory(Path.Combine(to, Path.GetFileName(set))).FullName;
            foreach (var output in Directory.GetFiles(set, "output_*.pb"))
            {
                File.Copy(output, Path.Combine(own, Path.GetFileName(output)));
            }

            var place = 0;
            for (var i = 0; i < graph.Input.Count; i++)
            {
                var input = Path.Combine(set, $"input_{i}.pb");
                if (!constants.Contains(graph.Input[i].Name))
                {
                    File.Copy(input, Path.Combine(own, $"input_{place++}.pb"));
                }
                else if (graph.Initializer.All(t => t.Name != graph.Input[i].Name))
                {
                    var tensor = TensorProto.Parser.ParseFrom(File.ReadAllBytes(input));
                    tensor.Name = graph.Input[i].Name;
                    graph.Initializer.Add(tensor);
                }
            }
        }

        for (var i = graph.Input.Count - 1; i >= 0; i--)
        {
            if (constants.Contains(graph.Input[i].Name))
            {
                graph.Input.RemoveAt(i);
            }
        }

        File.WriteAllBytes(Path.Combine(to, "model.onnx"), model.ToByteArray());
        return constants.Count > 0;
    }

    private static NodeTest Read(string folder)
    {
        var model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(Path.Combine(folder, "model.onnx")));
        var operators = model.Graph.Node.Select(n => (n.Domain == "ai.onnx" ? "" : n.Domain, n.OpType)).Distinct().ToList();
        return new NodeTest(Path.GetFileName(folder)["test_".Length..], folder, model, operators);
    }

    private static bool Supports((string Domain, string Name) op) => op == ("", "If") || OperatorTable.Instance.Find(op.Domain, op.Name) is not null;

    private static bool Decides(GraphProto graph, string input)
    {
        var uses = graph.Node.SelectMany(n => n.Input.Select((name, at) => (n.OpType, name, at))).Where(u => u.name == input).ToList();
        var makesRange = graph.Node.Any(n => n.OpType == "Range");
        return uses.Count > 0 && uses.All(u => (Deciding.TryGetValue(u.OpType, out var places) && places.Contains(u.at)) || (u.OpType == "Cast" && makesRange));
    }
}

/// <summary>One test of the suite.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Folder">Where it lies.</param>
/// <param name="Model">Its model.</param>
/// <param name="Operators">The operators of the model.</param>
internal sealed record NodeTest(string Name, string Folder, ModelProto Model, IReadOnlyList<(string Domain, string Name)> Operators)
{
    public override string ToString() => Name;
}
