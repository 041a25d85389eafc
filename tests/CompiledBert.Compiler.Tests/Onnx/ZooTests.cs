using System.Text.Json;
using CompiledBert.Compiler.Evaluation;
using CompiledBert.Compiler.Graph;
using CompiledBert.Compiler.Onnx;
using CompiledBert.Compiler.Passes;
using Xunit;
using Xunit.Abstractions;

namespace CompiledBert.Compiler.Tests.Onnx;

/// <summary>The models of the shared folder, where this machine has one: imported, and the small ones evaluated against their golden outputs.</summary>
public class ZooTests(ITestOutputHelper log)
{
    public static TheoryData<string> Zoo()
    {
        var data = new TheoryData<string>();
        foreach (var path in Models("zoo"))
        {
            data.Add(Path.GetFileName(Path.GetDirectoryName(path)!));
        }

        return data;
    }

    [SharedModelTheory]
    [MemberData(nameof(Zoo))]
    public void A_model_computes_its_golden_outputs_before_and_after_the_passes(string name)
    {
        var folder = Path.Combine(RepositoryFiles.SharedModels!, "zoo", name);
        using var model = OnnxModel.Open(Path.Combine(folder, "model.onnx"));
        ModelGraph graph;
        try
        {
            graph = model.Import(["*"]);
        }
        catch (CompileException e) when (name == "gpt2-optimum-x188-merged-if" && e.Diagnostic.Code == DiagnosticTable.RuntimeControlFlow.Code)
        {
            log.WriteLine($"Refused by name: {e.Message}");
            return;
        }

        GraphVerifier.Verify(graph, "import");
        CheckGolden(model, graph, folder);

        // The first output alone, so that rows which it does not read are dropped.
        graph = model.Import([]);
        Assert.True(PassPipeline.Run(graph));
        CheckGolden(model, graph, folder);
    }

    private static void CheckGolden(OnnxModel model, ModelGraph graph, string folder)
    {
        using var meta = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "meta.json")));
        var tolerance = meta.RootElement.GetProperty("suggested_tolerance");
        foreach (var set in Directory.GetDirectories(folder, "test_data_set_*").Order(StringComparer.Ordinal))
        {
            var inputs = model.Inputs
                .Select((port, i) => (port.Name, Tensor: Read(Path.Combine(set, $"input_{i}.pb"))))
                .ToDictionary(p => p.Name, p => p.Tensor, StringComparer.Ordinal);
            var outputs = GraphEvaluator.Run(graph, inputs);
            for (var i = 0; i < model.Outputs.Count && File.Exists(Path.Combine(set, $"output_{i}.pb")); i++)
            {
                if (outputs.TryGetValue(model.Outputs[i].Name, out var output))
                {
                    Compare(
                        Read(Path.Combine(set, $"output_{i}.pb")), output, tolerance,
                        $"{Path.GetFileName(folder)} {Path.GetFileName(set)} {model.Outputs[i].Name}");
                }
            }
        }
    }

    [SharedModelTheory]
    [InlineData("big")]
    [InlineData("real")]
    [InlineData("demo")]
    public void Large_models_are_imported_in_little_memory(string folder)
    {
        foreach (var path in Models(folder))
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            using var model = OnnxModel.Open(path);
            var graph = model.Import([]);
            GraphVerifier.Verify(graph, "import");
            log.WriteLine(
                $"{Path.GetFileName(path)}: {graph.SourceNodeCount} nodes, {graph.Nodes.Count} imported, "
                    + $"{(GC.GetAllocatedBytesForCurrentThread() - before) / 1000000} MB");
        }
    }

    private static IEnumerable<string> Models(string folder) => RepositoryFiles.SharedModels is { } shared
        ? Directory.GetFiles(Path.Combine(shared, folder), "*.onnx", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
        : [];

    private static Tensor Read(string path) => Tensor.Of(TensorFile.Read(path));

    private static void Compare(Tensor expected, Tensor actual, JsonElement tolerance, string what)
    {
        Assert.Equal(expected.Dims, actual.Dims);
        if (!expected.IsFloat)
        {
            Assert.Equal(expected.Integers, actual.Integers);
            return;
        }

        // Activations rounded to 8 bits: which step a value falls to hangs on the last bits of everything before it.
        var atol = what.StartsWith("llama-matmulnbits4-acc4", StringComparison.Ordinal) ? 0.1 : tolerance.GetProperty("atol").GetDouble();
        var rtol = tolerance.TryGetProperty("rtol", out var relative) ? relative.GetDouble() : 0;
        for (var i = 0; i < expected.Count; i++)
        {
            var (e, a) = (expected.Floats[i], actual.Floats[i]);
            Assert.True(e.Equals(a) || Math.Abs(e - a) <= atol + (rtol * Math.Abs(e)), $"{what}[{i}]: {a} for {e}");
        }

        if (tolerance.TryGetProperty("min_cosine", out var least))
        {
            var dot = expected.Floats.Zip(actual.Floats, (e, a) => (double)e * a).Sum();
            var cosine = dot / Math.Sqrt(expected.Floats.Sum(e => (double)e * e) * actual.Floats.Sum(a => (double)a * a));
            Assert.True(cosine >= least.GetDouble(), $"{what}: cosine {cosine}");
        }
    }
}
