using CompiledBert.Tests;
using Xunit;

namespace CompiledBert.Compiler.Tests.Quantization;

public class SharedWeightsTests
{
    private static readonly string Albert = Path.Combine(RepositoryFiles.Zoo, "albert-legacy-op14-embed-eager", "model.onnx");

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Layers_that_share_weights_in_floats_share_them_in_8_bits(bool readsWeights)
    {
        using var floats = CompilePipeline.Compile(new CompileOptions { ModelPath = Albert, ReadsWeights = readsWeights });
        using var integers = CompilePipeline.Compile(new CompileOptions { ModelPath = Albert, ReadsWeights = readsWeights, Precision = Precision.Int8 });
        Assert.All(integers.Plan.Steps.OfType<LinearStep>(), step => Assert.True(step.IsInteger));
        Assert.Equal(Matrices(floats), Matrices(integers));
        Assert.True(integers.Plan.Weights.Bytes < 0.4 * floats.Plan.Weights.Bytes, $"{integers.Plan.Weights.Bytes} of {floats.Plan.Weights.Bytes} bytes");
    }

    private static int Matrices(CompileResult result) => result.Plan.Steps.OfType<LinearStep>().Select(step => step.Weights).Distinct().Count();
}
