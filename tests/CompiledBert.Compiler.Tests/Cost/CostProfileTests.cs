using CompiledBert.Compiler.Cost;
using CompiledBert.Compiler.Targets;
using CompiledBert.Compiler.Tests.Fusion;
using Xunit;

namespace CompiledBert.Compiler.Tests.Cost;

public sealed class CostProfileTests : IDisposable
{
    private static readonly CostProfile Profile = new("cortex-a76", 2.5, new StepCorrections(Linear: 1.5, Attention: 2, Nest: 0.5));

    private readonly string _folder = Directory.CreateTempSubdirectory("cbert").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private CostProfile Read(string text)
    {
        var path = Path.Combine(_folder, "p.json");
        File.WriteAllText(path, text);
        return CostProfile.Read(path, "m.onnx");
    }

    [Fact]
    public void What_is_written_is_read_and_is_the_same_each_time()
    {
        Assert.Equal(Profile, Read(Profile.Write()));
        Assert.Equal(Profile.Write(), Read(Profile.Write()).Write());
    }

    [Fact]
    public void Every_step_costs_as_many_times_more_as_its_kind_and_other_cores_stay()
    {
        var plan = PlanCheck.Compile(new TinyBert(2).Graph).Plan;
        var core = KnownCores.CortexA76;
        var corrected = Profile.ApplyTo(core);
        Assert.True(corrected.IsCorrected);
        Assert.Equal(2.5, corrected.Gigahertz);
        Assert.Equal(1.8, Profile.ApplyTo(core with { Gigahertz = 1.8 }).Gigahertz);
        Assert.Same(KnownCores.Zen4, Profile.ApplyTo(KnownCores.Zen4));
        var (before, after) = (CostModel.Estimate(plan, core, 1, 16).Steps, CostModel.Estimate(plan, corrected, 1, 16).Steps);
        Assert.All(before.Zip(after), pair => Assert.Equal(
            pair.First.CoreCycles!.Value * (pair.First.Step switch { LinearStep => 1.5, AttentionStep => 2, MatMulStep => 1, _ => 0.5 }),
            pair.Second.CoreCycles!.Value, 6));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"schema\": \"compiledbert-profile-2\"}")]
    [InlineData("{\"schema\": \"compiledbert-profile-1\", \"core\": \"abacus\", \"gigahertz\": 1}")]
    [InlineData("{\"schema\": \"compiledbert-profile-1\", \"core\": \"zen4\", \"gigahertz\": 1, \"corrections\": {\"linear\": -1}}")]
    [InlineData("{\"schema\": \"compiledbert-profile-1\", \"core\": \"zen4\", \"gigahertz\": 1, \"corrections\": {\"linear\": \"much\"}}")]
    public void What_is_no_profile_is_refused(string text) =>
        Assert.Equal("CBERT0708", Assert.Throws<CompileException>(() => Read(text)).Diagnostic.Code);

    [Fact]
    public void A_profile_that_is_not_there_is_refused() =>
        Assert.Equal("CBERT0708", Assert.Throws<CompileException>(() => CostProfile.Read(Path.Combine(_folder, "none.json"), "m.onnx")).Diagnostic.Code);
}
