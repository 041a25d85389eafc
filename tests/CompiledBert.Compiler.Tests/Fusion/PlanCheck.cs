using CompiledBert.Compiler.Evaluation;
using CompiledBert.Compiler.Graph;
using CompiledBert.Compiler.Quantization;
using Xunit;

namespace CompiledBert.Compiler.Tests.Fusion;

/// <summary>Holds a plan against the graph it was made from.</summary>
internal static class PlanCheck
{
    public static CompileResult Compile(ModelGraph graph, Precision precision = Precision.Fp32)
    {
        if (precision == Precision.Int8)
        {
            QuantizationStage.Run(graph);
        }

        return CompilePipeline.Lower(graph, new CompileOptions { ModelPath = "tiny.onnx", Name = "Tiny" }, null);
    }

    /// <summary>Interprets the plan and evaluates the graph on the same random inputs; outputs agree within rounding.</summary>
    public static void Agrees(Func<ModelGraph> make, int batch, int tokens, Precision precision = Precision.Fp32)
    {
        var graph = make();
        if (precision == Precision.Int8)
        {
            QuantizationStage.Run(graph);
        }

        var lengths = graph.Symbols.Zip(new long[] { batch, tokens }).ToDictionary(p => p.First.Name, p => p.Second, StringComparer.Ordinal);
        var random = new Random(3);
        var inputs = graph.Inputs.ToDictionary(i => i.Name, i => Random(i, lengths, random), StringComparer.Ordinal);
        var expected = GraphEvaluator.Run(graph, inputs);

        using var result = Compile(make(), precision);
        var weights = new MemoryStream();
        result.WriteWeights(weights);
        Assert.Equal(result.PlanText, PlanWriter.Write(PlanParser.Parse(result.PlanText)));
        var actual = PlanInterpreter.Run(result.Plan, weights.ToArray(), lengths, [.. graph.Inputs.Select(i => (Array)inputs[i.Name].Integers)]);

        for (var i = 0; i < graph.Outputs.Count; i++)
        {
            var reference = expected[graph.Outputs[i].Name].Floats;
            var scale = reference.Max(MathF.Abs);
            Assert.Equal(reference.Length, actual[i].Length);
            for (var j = 0; j < reference.Length; j++)
            {
                // A step of a whole number may hang on rounding: then its row is off by a step.
                var allowed = precision == Precision.Int8 ? 0.02f : 1e-5f;
                Assert.True(
                    MathF.Abs(reference[j] - ((float[])actual[i])[j]) <= allowed * scale,
                    $"element {j}: {reference[j]} and {((float[])actual[i])[j]}\n{result.PlanText}");
            }
        }
    }

    private static Tensor Random(Value input, Dictionary<string, long> lengths, Random random)
    {
        long[] dims = [.. input.Shape.Select(d => d.Evaluate(s => lengths[s.Name]))];
        var values = new long[dims.Aggregate(1L, (a, b) => a * b)];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = random.Next(input.Name.Contains("mask", StringComparison.Ordinal) ? 2 : 40);
        }

        return Tensor.Of(dims, values);
    }
}
