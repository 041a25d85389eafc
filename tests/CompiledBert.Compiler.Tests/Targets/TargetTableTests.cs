using CompiledBert.Compiler.Targets;
using Xunit;

namespace CompiledBert.Compiler.Tests.Targets;

public class TargetTableTests
{
    [Fact]
    public void Names_are_unique_and_found_in_any_case()
    {
        var names = TargetTable.Cores.Select(c => c.Name).Concat(TargetTable.Devices.Select(d => d.Name)).ToList();
        Assert.Equal(names.Count, names.Distinct().Count());
        Assert.All(names, name => Assert.NotEmpty(TargetTable.Find(name.ToUpperInvariant())));
        Assert.Equal(["cortex-x1", "cortex-a76", "cortex-a55"], TargetTable.Find("pixel-6").Select(c => c.Name));
        Assert.Empty(TargetTable.Find("pixel"));
    }

    [Fact]
    public void Every_core_has_figures_and_says_where_they_are_from()
    {
        Assert.All(TargetTable.Cores.Concat(TargetTable.Devices.SelectMany(d => d.Cores)), core =>
        {
            Assert.NotEmpty(core.Source);
            Assert.InRange(core.Gigahertz, 1, 6);
            Assert.True(core.MultiplyAdds > 0 && core.Loads > 0 && core.VectorOperations > 0 && core.IntegerMultiplies > 0 && core.DivideCycles > 0, core.Name);
            Assert.True(core.Level1 < core.Level2 && core.Level2 <= core.LastLevel, core.Name);
            Assert.Contains(core.VectorBits, new[] { 128, 256, 512 });
            Assert.Contains(core.LoadBits, new[] { 64, 128, 256, 512 });
        });
    }

    [Theory]
    [InlineData("cortex-a67", "cortex-a76")]
    [InlineData("Cortex A55", "cortex-a55")]
    [InlineData("iphone12", "iphone-12")]
    [InlineData("zen", "zen3")]
    public void A_name_that_is_nearly_right_is_named(string wrong, string meant)
    {
        var error = Assert.Throws<CompileException>(() => TargetTable.Resolve(["cortex-a55", wrong], "model.onnx"));
        Assert.Equal("CBERT0012", error.Diagnostic.Code);
        Assert.Contains($"Did you mean {meant}", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("completely different")]
    public void A_name_that_is_like_no_other_is_refused_all_the_same(string wrong)
    {
        var error = Assert.Throws<CompileException>(() => TargetTable.Resolve([wrong], "model.onnx"));
        Assert.DoesNotContain("mean", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Cores_that_several_names_share_are_there_once() =>
        Assert.Equal(["cortex-a53", "cortex-a55"], TargetTable.Resolve(["cortex-a53", "cortex-a55", "CORTEX-A53"], "model.onnx").Select(c => c.Name));
}
