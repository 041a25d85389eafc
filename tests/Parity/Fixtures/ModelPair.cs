using CompiledBert.Cli.Benchmarks;
using CompiledBert.Cli.Sessions;
using CompiledBert.Cli.Verification;
using CompiledBert.Compiler;

namespace CompiledBert.Parity.Fixtures;

/// <summary>A model compiled in memory, all its outputs, and the same file in ONNX Runtime.</summary>
internal sealed class ModelPair : IDisposable
{
    private readonly OnnxRuntimeEngine _reference;
    private readonly double _share;

    /// <param name="path">The model.</param>
    /// <param name="share">Largest difference allowed, as a share of the reference's scale.</param>
    public ModelPair(string path, double share)
    {
        Session = ModelSession.Compile(new CompileOptions { ModelPath = path, Outputs = ["*"] });
        _reference = new OnnxRuntimeEngine(path, 1);
        _share = share;
    }

    public ModelSession Session { get; }

    public ModelPlan Plan => Session.Plan;

    /// <summary>Runs both and holds every output against the reference. Returns the compiled model's outputs.</summary>
    public IReadOnlyList<HostTensor> AssertParity(IReadOnlyList<HostTensor> inputs, string what)
    {
        var call = Session.Prepare(inputs);
        call.Invoke();
        using var reference = _reference.Prepare(Plan, inputs, call.Outputs);
        reference.Invoke();
        for (var i = 0; i < Plan.Outputs.Count; i++)
        {
            var comparison = TensorComparison.Of(call.Outputs[i], reference.Outputs[i], new Tolerance(0, 0, _share));
            Assert.True(
                comparison.Agrees && comparison.Cosine >= 0.999999,
                $"{what}, output {Plan.Outputs[i].Name}: "
                    + $"{comparison.RelativeDifference:e2} of the scale {comparison.Scale:g4}, cosine {comparison.Cosine:0.00000000}");
        }

        return call.Outputs;
    }

    public void Dispose()
    {
        _reference.Dispose();
        Session.Dispose();
    }
}
