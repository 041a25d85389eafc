using CompiledBert.Cli.Verification;
using CompiledBert.Compiler;
using CompiledBert.Compiler.Evaluation;
using CompiledBert.Compiler.Onnx;

namespace CompiledBert.Parity.Operators;

/// <summary>What came of one test.</summary>
/// <param name="Test">The test.</param>
/// <param name="IsFixed">Whether operands that decide shapes were made constants.</param>
/// <param name="Failure">What is wrong; null where evaluator and emitted code both agree with the reference.</param>
internal sealed record NodeResult(NodeTest Test, bool IsFixed, string? Failure);

/// <summary>Runs the suite's tests through the compiler and the emitted code, and through the evaluator; each once a process.</summary>
internal static class NodeResults
{
    /// <summary>The tolerance of ONNX's own runner.</summary>
    private static readonly Tolerance Allowed = new(1e-7, 1e-3, 0);

    private static readonly Lazy<IReadOnlyDictionary<string, NodeResult>> Results =
        new(() => NodeSuite.Supported.Select(Run).ToDictionary(r => r.Test.Name, StringComparer.Ordinal));

    public static IReadOnlyDictionary<string, NodeResult> All => Results.Value;

    private static NodeResult Run(NodeTest test)
    {
        var folder = Directory.CreateTempSubdirectory("cbert-node").FullName;
        try
        {
            var isFixed = NodeSuite.Prepare(test, folder);
            var path = Path.Combine(folder, "model.onnx");
            return new NodeResult(test, isFixed, Emitted(path) ?? Evaluated(path));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string? Emitted(string path)
    {
        var verification = Verifier.Verify(path, ["*"], Allowed);
        return verification.Refusal is { } refusal ? refusal.Diagnostic.Code + " " + refusal.Diagnostic.Message
            : verification.Outputs.Count == 0 ? "no data"
            : verification.Outputs.FirstOrDefault(o => !o.Agrees)?.ToString();
    }

    private static string? Evaluated(string path)
    {
        using var model = OnnxModel.Open(path);
        var graph = model.Import(["*"]);
        foreach (var set in Directory.GetDirectories(Path.GetDirectoryName(path)!, "test_data_set_*"))
        {
            var inputs = graph.Inputs
                .Select((input, i) => (input.Name, Tensor: Tensor.Of(TensorFile.Read(Path.Combine(set, $"input_{i}.pb")))))
                .ToDictionary(p => p.Name, p => p.Tensor, StringComparer.Ordinal);
            IReadOnlyDictionary<string, Tensor> results;
            try
            {
                results = GraphEvaluator.Run(graph, inputs);
            }
            catch (EvaluationException e)
            {
                return e.Message;
            }

            for (var i = 0; i < graph.Outputs.Count; i++)
            {
                var expected = Tensor.Of(TensorFile.Read(Path.Combine(set, $"output_{i}.pb")));
                if (Difference(expected, results[graph.Outputs[i].Name]) is { } difference)
                {
                    return $"evaluated, output {i} {difference}";
                }
            }
        }

        return null;
    }

    private static string? Difference(Tensor expected, Tensor actual)
    {
        if (!expected.Dims.AsSpan().SequenceEqual(actual.Dims) || expected.IsFloat != actual.IsFloat)
        {
            return $"is {actual.Type}[{string.Join(',', actual.Dims)}]";
        }

        for (var i = 0; i < expected.Count; i++)
        {
            var differs = expected.IsFloat
                ? !expected.Floats[i].Equals(actual.Floats[i])
                    && !(Math.Abs(expected.Floats[i] - actual.Floats[i]) <= Allowed.Absolute + (Allowed.Relative * Math.Abs(expected.Floats[i])))
                : expected.Integers[i] != actual.Integers[i];
            if (differs)
            {
                return $"differs at {i}";
            }
        }

        return null;
    }
}
