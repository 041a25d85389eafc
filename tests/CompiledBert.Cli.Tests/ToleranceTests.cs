using CompiledBert.Cli.Sessions;
using CompiledBert.Cli.Verification;
using CompiledBert.Compiler;

namespace CompiledBert.Cli.Tests;

public sealed class ToleranceTests
{
    [Fact]
    public void A_reference_in_halves_may_be_off_by_its_own_rounding_and_no_more()
    {
        // Between 1 and 2 halves are 2^-10 apart: the first value lies exactly between two of them.
        const float Between = 1 + (1f / 2048);
        var reference = new HostTensor(DataType.Float16, [2]);
        reference.As<Half>()[0] = (Half)1;
        reference.As<Half>()[1] = (Half)1.5;
        Assert.True(Compare(Between, Tolerance.Default).Agrees);
        Assert.False(Compare(Between + 2e-4f, Tolerance.Default).Agrees);
        Assert.False(Compare(Between, new Tolerance(0, 0, 1e-4)).Agrees);

        reference = new HostTensor(DataType.Float32, [2]);
        reference.As<float>()[0] = 1;
        reference.As<float>()[1] = 1.5f;
        Assert.False(Compare(Between, Tolerance.Default).Agrees);

        TensorComparison Compare(float first, Tolerance tolerance)
        {
            var actual = new HostTensor(DataType.Float32, [2]);
            actual.As<float>()[0] = first;
            actual.As<float>()[1] = 1.5f;
            return TensorComparison.Of(actual, reference, tolerance);
        }
    }
}
