using CompiledBert.Cli.Verification;
using CompiledBert.Parity.Fixtures;

namespace CompiledBert.Parity;

public sealed class ZooTests
{
    public static TheoryData<string> Models =>
        [.. Directory.GetDirectories(RepositoryFiles.Zoo).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Models))]
    public void All_outputs_of_a_small_model_agree_with_its_test_data(string name)
    {
        var verification = Verifier.Verify(Path.Combine(RepositoryFiles.Zoo, name, "model.onnx"), ["*"]);
        Assert.True(verification.Refusal is null, verification.Refusal?.ToString());
        Assert.NotEmpty(verification.Outputs);
        Assert.All(verification.Outputs, output => Assert.True(output.Agrees, output.ToString()));
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void A_small_model_computes_the_same_on_two_threads(string name)
    {
        var verification = Verifier.Verify(Path.Combine(RepositoryFiles.Zoo, name, "model.onnx"), ["*"], threads: 2);
        Assert.True(verification.Agrees, verification.Refusal?.ToString() ?? string.Join('\n', verification.Outputs));
    }
}
