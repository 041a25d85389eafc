using CompiledBert.Tests;
using Xunit;

namespace CompiledBert.Compiler.Tests.Quantization;

public class PlanWithoutWeightsTests
{
    public static TheoryData<string, Precision> Models
    {
        get
        {
            var data = new TheoryData<string, Precision>();
            foreach (var folder in Directory.GetDirectories(RepositoryFiles.Zoo).Order(StringComparer.Ordinal))
            {
                data.Add(Path.GetFileName(folder), Precision.Fp32);
                data.Add(Path.GetFileName(folder), Precision.Int8);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void It_is_the_plan_of_a_build_but_for_the_hash(string model, Precision precision)
    {
        var options = new CompileOptions { ModelPath = Path.Combine(RepositoryFiles.Zoo, model, "model.onnx"), Precision = precision };
        using var whole = CompilePipeline.Compile(options);
        using var without = CompilePipeline.Compile(options with { ReadsWeights = false });
        Assert.Equal(
            whole.PlanText,
            without.PlanText.Replace(without.Plan.Weights.Hash, whole.Plan.Weights.Hash, StringComparison.Ordinal));
        Assert.Throws<InvalidOperationException>(() => without.WriteWeights(Stream.Null));
    }
}
