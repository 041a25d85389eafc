using CompiledBert.Cli.Benchmarks;
using CompiledBert.Cli.Sessions;
using CompiledBert.Cli.Verification;
using CompiledBert.Compiler;
using CompiledBert.Parity.Fixtures;
using Xunit.Abstractions;

namespace CompiledBert.Parity;

/// <summary>Layers that share their weights, in 8 bits.</summary>
public sealed class SharedWeightsTests(ITestOutputHelper log)
{
    private const string Albert = "big/albert-base-dynamo-op18.onnx";
    private const string DistilBert = "big/distilbert-base-legacy-op17.onnx";

    [SharedModelFact(Albert)]
    public void Albert_is_a_quarter_as_large_and_as_exact_as_a_model_with_weights_of_its_own_for_each_layer()
    {
        var (albert, share) = Measure(Albert);
        var (distilBert, _) = Measure(DistilBert);
        log.WriteLine($"cosine {albert:0.000000} and {distilBert:0.000000}, bytes {share:0.000} of floats'");
        Assert.InRange(share, 0.2, 0.28);

        // Twelve layers, whose roundings add up, against six.
        Assert.InRange(1 - albert, 0, 2 * (1 - distilBert));
    }

    /// <summary>The mean cosine to ONNX Runtime's results in floats, and the weights' bytes as a share of those in floats.</summary>
    private static (double Cosine, double Share) Measure(string model)
    {
        var options = new CompileOptions { ModelPath = RepositoryFiles.Shared(model)! };
        using var floats = CompilePipeline.Compile(options);
        using var session = ModelSession.Compile(options with { Precision = Precision.Int8 });
        using var engine = new OnnxRuntimeEngine(options.ModelPath, 1);
        var cosines = new List<double>();
        foreach (var tokens in new[] { 8, 16, 33, 64 })
        {
            var inputs = TokenInputs.Sequence(session.Plan, tokens, tokens);
            var call = session.Prepare(inputs);
            call.Invoke();
            using var reference = engine.Prepare(session.Plan, inputs, call.Outputs);
            reference.Invoke();
            cosines.Add(TensorComparison.Of(call.Outputs[0], reference.Outputs[0], Tolerance.Int8).Cosine);
        }

        return (cosines.Average(), (double)session.Plan.Weights.Bytes / floats.Plan.Weights.Bytes);
    }
}
