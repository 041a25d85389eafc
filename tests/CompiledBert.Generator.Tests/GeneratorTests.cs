using CompiledBert.Compiler;
using CompiledBert.Generator.Tests.Emission;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Text;

namespace CompiledBert.Generator.Tests;

public sealed class GeneratorTests
{
    [Fact]
    public void An_unrelated_edit_computes_nothing_again()
    {
        var compilation = ModelAssembly.Compilation(["class A { }"]);
        var file = new PlanText("/p/tiny.plan", PlanWriter.Write(TinyModel.Create().Plan));
        GeneratorDriver driver = Driver(file, new PlanText("/p/readme.txt", "no plan"))
            .RunGenerators(compilation);
        Assert.Equal(4, driver.GetRunResult().GeneratedTrees.Length);

        driver = driver.RunGenerators(compilation.AddSyntaxTrees(CSharpSyntaxTree.ParseText("class B { }")));
        AssertAll(driver, IncrementalStepRunReason.Cached, IncrementalStepRunReason.Unchanged);

        // The same text in a new file object, as after a save that changes nothing.
        var same = new PlanText("/p/tiny.plan", PlanWriter.Write(TinyModel.Create().Plan));
        driver = driver.ReplaceAdditionalText(file, same).RunGenerators(compilation);
        AssertAll(driver, IncrementalStepRunReason.Cached, IncrementalStepRunReason.Unchanged);

        var other = new PlanText("/p/tiny.plan", PlanWriter.Write(TinyModel.Create().Plan with { Name = "Other" }));
        driver = driver.ReplaceAdditionalText(same, other).RunGenerators(compilation);
        Assert.All(driver.GetRunResult().GeneratedTrees, t => Assert.Contains("Other.", t.FilePath, StringComparison.Ordinal));
    }

    [Fact]
    public void What_the_generator_says_stands_in_the_table_of_diagnostics()
    {
        var rules = typeof(DiagnosticTable).GetFields().Select(f => f.GetValue(null)).OfType<DiagnosticTable.Rule>().ToDictionary(r => r.Code, r => r.Format);
        var descriptors = typeof(GeneratorDiagnostics).GetFields().Select(f => f.GetValue(null)).OfType<Microsoft.CodeAnalysis.DiagnosticDescriptor>().ToList();
        Assert.NotEmpty(descriptors);
        Assert.All(descriptors, d => Assert.Equal(rules[d.Id], d.MessageFormat.ToString(System.Globalization.CultureInfo.InvariantCulture)));
    }

    [Theory]
    [InlineData("", 0, "begins with")]
    [InlineData("compiledbert-plan 1\nmodel \"X\"\n  gibberish\n", 2, "gibberish")]
    public void A_plan_that_is_none_is_a_diagnostic_at_its_line(string text, int line, string reason)
    {
        var result = Driver(new PlanText("/p/bad.plan", text)).RunGenerators(ModelAssembly.Compilation(["class A { }"])).GetRunResult();
        var diagnostic = Assert.Single(result.Diagnostics);
        Assert.Equal(DiagnosticTable.MalformedPlan.Code, diagnostic.Id);
        Assert.Equal("/p/bad.plan", diagnostic.Location.GetLineSpan().Path);
        Assert.Equal(line, diagnostic.Location.GetLineSpan().StartLinePosition.Line);
        Assert.Contains(reason, diagnostic.GetMessage(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal);
        Assert.Empty(result.GeneratedTrees);
    }

    [Fact]
    public void A_plan_that_cannot_be_written_names_its_step()
    {
        var plan = TinyModel.Create().Plan;
        var broken = plan with { Steps = [new NestStep { Title = "odd", Origins = [], Body = [new Store(new("out0", 0, []), "nothing")] }] };
        var result = Driver(new PlanText("/p/bad.plan", PlanWriter.Write(broken))).RunGenerators(ModelAssembly.Compilation(["class A { }"])).GetRunResult();
        Assert.Contains(
            "step 0 'odd'", Assert.Single(result.Diagnostics).GetMessage(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal);
    }

    private static CSharpGeneratorDriver Driver(params AdditionalText[] files) => CSharpGeneratorDriver.Create(
        [new ModelGenerator().AsSourceGenerator()],
        files,
        driverOptions: new GeneratorDriverOptions(IncrementalGeneratorOutputKind.None, trackIncrementalGeneratorSteps: true));

    private static void AssertAll(GeneratorDriver driver, params IncrementalStepRunReason[] allowed)
    {
        var result = driver.GetRunResult().Results.Single();
        foreach (var name in new[] { ModelGenerator.PlansStep, ModelGenerator.SourcesStep })
        {
            Assert.All(result.TrackedSteps[name].SelectMany(s => s.Outputs), o => Assert.Contains(o.Reason, allowed));
        }

        Assert.All(result.TrackedOutputSteps.SelectMany(s => s.Value).SelectMany(s => s.Outputs), o => Assert.Contains(o.Reason, allowed));
    }

    private sealed class PlanText(string path, string text) : AdditionalText
    {
        public override string Path => path;

        public override SourceText GetText(CancellationToken cancellationToken = default) => SourceText.From(text);
    }
}
